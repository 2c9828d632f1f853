#include "data/pixel_check.h"

#include <algorithm>
#include <span>
#include <tuple>
#include <unordered_map>
#include <vector>

#include <fmt/format.h>

#include "core/digest.h"
#include "core/parallel.h"

namespace srwm {
namespace {

/// An image by its content; a blank one has no digest.
struct Image {
  std::string digest;
  std::size_t split = 0, label = 0;
};

bool is_blank(std::span<const std::uint8_t> pixels, std::size_t channels) {
  // Every pixel is equal to the one before.
  return std::equal(pixels.begin() + static_cast<std::ptrdiff_t>(channels), pixels.end(), pixels.begin());
}

std::vector<Image> images_of(const ClassDataset& dataset, std::size_t which, int threads) {
  const ClassSplit& split = dataset.split(all_splits[which]);
  const std::int64_t count = split.images.dim(0), size = split.images.numel() / count;
  std::vector<Image> images(static_cast<std::size_t>(count));
  for (std::size_t label = 0; label < split.members.size(); ++label) {
    for (const std::int32_t image : split.members[label]) images[static_cast<std::size_t>(image)] = {{}, which, label};
  }
  parallel_for(threads, count, [&](std::int64_t image) {
    const std::span pixels(split.images.data<std::uint8_t>() + image * size, static_cast<std::size_t>(size));
    if (is_blank(pixels, static_cast<std::size_t>(dataset.channels()))) return;
    Digest digest;
    digest.update(std::as_bytes(pixels));
    images[static_cast<std::size_t>(image)].digest = digest.hex();
  });
  return images;
}

std::string name_of_class(const ClassDataset& dataset, const Image& image) {
  const Split split = all_splits[image.split];
  return fmt::format("{}/{}", name_of(split), dataset.split(split).class_names[image.label]);
}

/// Counts a group of equal images, which are in order of split and class.
void count_group(const ClassDataset& dataset, std::span<const Image> group, PixelCounts& counts) {
  const Image &first = group.front(), &last = group.back();
  if (first.split == last.split && first.label == last.label) return;
  const bool is_across_splits = first.split != last.split;
  (is_across_splits ? counts.across_splits : counts.across_classes) += std::ssize(group);
  std::string& example = is_across_splits ? counts.splits_example : counts.classes_example;
  if (example.empty()) {
    example = fmt::format("{} and {}", name_of_class(dataset, first), name_of_class(dataset, last));
  }
}

}  // namespace

PixelCounts count_pixels(const ClassDataset& dataset, int threads) {
  PixelCounts counts;
  std::vector<Image> images;
  for (std::size_t which = 0; which < std::size(all_splits); ++which) {
    if (!dataset.has(all_splits[which])) continue;
    for (Image& image : images_of(dataset, which, threads)) {
      if (image.digest.empty()) {
        ++counts.blank[which];
      } else {
        images.push_back(std::move(image));
      }
    }
  }
  const auto key = [](const Image& image) { return std::tie(image.digest, image.split, image.label); };
  std::ranges::sort(images, [&](const Image& a, const Image& b) { return key(a) < key(b); });
  for (std::size_t begin = 0, end = 0; begin < images.size(); begin = end) {
    while (end < images.size() && images[end].digest == images[begin].digest) ++end;
    count_group(dataset, std::span(images).subspan(begin, end - begin), counts);
  }
  return counts;
}

SharedNames count_shared_names(const ClassDataset& dataset) {
  SharedNames shared;
  if (dataset.is_labeled()) return shared;
  std::unordered_map<std::string, Split> seen;
  for (const Split which : all_splits) {
    if (!dataset.has(which)) continue;
    for (const std::string& name : dataset.split(which).class_names) {
      if (seen.emplace(name, which).first->second == which) continue;
      if (shared.count++ == 0) shared.first = name;
    }
  }
  return shared;
}

std::vector<std::string> describe_suspicions(const ClassDataset& dataset, int threads) {
  const PixelCounts counts = count_pixels(dataset, threads);
  const SharedNames names = count_shared_names(dataset);
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < counts.blank.size(); ++i) {
    if (counts.blank[i] == 0) continue;
    lines.push_back(fmt::format("{} of {} images of {} are blank (all pixels alike)", counts.blank[i],
                                dataset.split(all_splits[i]).images.dim(0), name_of(all_splits[i])));
  }
  if (counts.across_classes > 0) {
    lines.push_back(fmt::format("{} images have the pixels of an image in another class, in {}, say",
                                counts.across_classes, counts.classes_example));
  }
  if (counts.across_splits > 0) {
    lines.push_back(fmt::format("{} images have the pixels of an image in another split, in {}, say",
                                counts.across_splits, counts.splits_example));
  }
  if (names.count > 0) {
    lines.push_back(
        fmt::format("{} names of classes are in more than one split, '{}' first", names.count, names.first));
  }
  return lines;
}

}  // namespace srwm
