#include "data/describe.h"

#include <algorithm>
#include <cmath>

#include <fmt/ranges.h>

#include "core/finite.h"
#include "data/contact_sheet.h"
#include "data/nearest_neighbour.h"
#include "data/pixel_check.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

constexpr std::int64_t sheet_columns = 20;

std::string format_of(const hdf5::File& file) {
  if (!file.has_attribute("/", "srwm_format")) {
    throw DataError(
        "{} is an HDF5 file but not one of srwm's: it has no root attribute srwm_format. docs/file_formats.md has what "
        "srwm "
        "reads and writes.",
        file.path().string());
  }
  return file.string_attribute("/", "srwm_format");
}

std::string introduction(const hdf5::File& file) {
  return fmt::format(
      "{}: {}, format version {}, written by {}\n", file.path().string(), format_of(file),
      file.int_attribute("/", "format_version"),
      file.has_attribute("/", "generator") ? file.string_attribute("/", "generator") : "an unknown program");
}

/// "20" or "18 to 20": images per class.
std::string images_per_class(const ClassSplit& split) {
  std::size_t least = split.members[0].size(), most = least;
  for (const auto& members : split.members) {
    least = std::min(least, members.size());
    most = std::max(most, members.size());
  }
  return least == most ? fmt::format("{}", most) : fmt::format("{} to {}", least, most);
}

/// The nearest neighbour's 5-way 1-shot accuracy, where the split is large enough for such episodes.
std::string baseline(const ClassSplit& split, int threads) {
  constexpr std::int64_t ways = 5, shots = 1, episodes = 2000;
  const bool enough = split.classes() >= ways &&
                      std::ranges::all_of(split.members, [](const auto& members) { return members.size() > 1; });
  if (!enough) return "";
  const double accuracy = pixel_nearest_neighbour(split, ways, shots, episodes, 0, threads);
  return fmt::format("  nearest neighbour in pixels, test, 5-way 1-shot: {:.1f} % of {} episodes\n", 100 * accuracy,
                     episodes);
}

std::string describe_classes(const std::filesystem::path& path, int threads) {
  const ClassDataset dataset = read_class_dataset(path);
  std::string text = fmt::format("  dataset {}, images {} x {} x {}, mean {:.4f}, std {:.4f}\n  digest {}\n",
                                 dataset.name, dataset.height(), dataset.width(), dataset.channels(),
                                 fmt::join(dataset.mean, " "), fmt::join(dataset.std, " "), dataset.digest);
  text += dataset.is_labeled() ? "  the same classes in all splits: for streams, not for few-shot learning\n" : "";
  for (const Split which : all_splits) {
    if (!dataset.has(which)) {
      text += fmt::format("  {:<5} none\n", name_of(which));
      continue;
    }
    const ClassSplit& split = dataset.split(which);
    text += fmt::format("  {:<5} {:5} classes x {} images: {} ... {}\n", name_of(which), split.classes(),
                        images_per_class(split), split.class_names.front(), split.class_names.back());
  }
  for (const std::string& suspicion : describe_suspicions(dataset, threads)) text += fmt::format("  {}\n", suspicion);
  return text + baseline(dataset.test, threads);
}

std::string describe_episodes(const std::filesystem::path& path) {
  const EpisodeFile episodes = read_episode_file(path);
  const Shape& images = episodes.images.shape();
  return fmt::format("  {} episodes of {} images {} x {} x {}: protocol {}, {}-way {}-shot\n  digest {}\n",
                     episodes.episodes(), episodes.length(), images[1], images[2], images[3],
                     name_of(episodes.protocol), episodes.n_way, episodes.k_shot, episodes.digest);
}

/// Attributes of the groups and shapes of the datasets; reads those of the model only.
std::string describe_contents(const hdf5::File& file) {
  std::string text;
  std::int64_t elements = 0, not_finite = 0;
  for (const std::string& name : file.attributes("/")) {
    text += fmt::format("  {}: {}\n", name, file.attribute_text("/", name));
  }
  for (const std::string& child : file.children("/")) {
    if (!file.is_group("/" + child)) continue;
    for (const std::string& name : file.attributes("/" + child)) {
      text += fmt::format("  {}/{}: {}\n", child, name, file.attribute_text("/" + child, name));
    }
  }
  for (const std::string& dataset : file.datasets_below("/")) {
    const Shape shape = file.shape(dataset);
    const std::string type = file.holds_strings(dataset) ? "strings" : std::string(name_of(file.dtype(dataset)));
    text += fmt::format("  {:<52} {:<7} {}\n", dataset, type, shape.to_string());
    if (!dataset.starts_with("/model/")) continue;
    elements += shape.numel();
    not_finite += count_not_finite(file.read(dataset));
  }
  if (elements > 0) text += fmt::format("  {} numbers under /model\n", elements);
  if (not_finite > 0) text += fmt::format("  {} of them are not finite: the model cannot be used\n", not_finite);
  return text;
}

}  // namespace

std::string describe_file(const std::filesystem::path& path, int threads) {
  const hdf5::File file = hdf5::File::open(path);
  const std::string format = format_of(file);
  if (format == "classes") return introduction(file) + describe_classes(path, threads);
  if (format == "episodes") return introduction(file) + describe_episodes(path);
  return introduction(file) + describe_contents(file);
}

Tensor contact_sheet_of_file(const std::filesystem::path& path, const std::string& split, std::int64_t rows) {
  const std::string format = format_of(hdf5::File::open(path));
  if (format == "episodes") return contact_sheet(read_episode_file(path), rows);
  if (format != "classes")
    throw DataError(
        "{} is a file of format '{}': it has no images. Only class datasets and episodes have a contact sheet.",
        path.string(), format);
  const ClassDataset dataset = read_class_dataset(path);
  return contact_sheet(dataset.split(parse_split(split)), rows, sheet_columns);
}

}  // namespace srwm
