#include "data/class_dataset.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/ranges.h>

#include "core/digest.h"
#include "core/memory.h"
#include "io/data_folders.h"
#include "io/file.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

constexpr std::int64_t class_format_version = 1;

std::string group_of(Split split) {
  return fmt::format("/{}", name_of(split));
}

/// Labels of the images of a split, as stored.
Tensor labels_of(const ClassSplit& split) {
  Tensor labels = Tensor::owning({split.images.dim(0)}, DType::i32);
  for (std::size_t c = 0; c < split.members.size(); ++c) {
    for (const std::int32_t image : split.members[c]) labels.data<std::int32_t>()[image] = static_cast<std::int32_t>(c);
  }
  return labels;
}

void check_count(const hdf5::File& file, const std::string& group, const std::string& name, std::int64_t found) {
  const std::int64_t said = file.int_attribute(group, name);
  if (said != found) {
    throw DataError("{}: {} says that it has {} {} but holds {}. The file is damaged; make it again.",
                    file.path().string(), group, said, name, found);
  }
}

/// Everything that can be checked without reading pixels.
void check_split(const hdf5::File& file, Split which, const Shape& train_shape) {
  const std::string group = group_of(which), path = file.path().string();
  const Shape images = file.shape(group + "/images"), labels = file.shape(group + "/labels");
  if (file.dtype(group + "/images") != DType::u8 || images.rank() != 4) {
    throw DataError("{}: {}/images is {} {}; expected u8 [N, H, W, C].", path, group,
                    name_of(file.dtype(group + "/images")), images.to_string());
  }
  if (images[0] > max_images) {
    throw DataError("{}: {}/images has {} images; a split may have {}.", path, group, images[0], max_images);
  }
  if (images[0] < 1 || images[1] < 1 || images[2] < 1) {
    throw DataError("{}: {}/images is {}; a split has at least one image, of at least one pixel.", path, group,
                    images.to_string());
  }
  if (images[3] < 1 || images[3] > max_channels) {
    throw DataError("{}: {}/images has {} channels; expected 1 to {}.", path, group, images[3], max_channels);
  }
  if (file.dtype(group + "/labels") != DType::i32 || labels != Shape{images[0]}) {
    throw DataError("{}: {}/labels is {} {}; expected integers [{}], one per image.", path, group,
                    name_of(file.dtype(group + "/labels")), labels.to_string(), images[0]);
  }
  if (Shape{images[1], images[2], images[3]} != Shape{train_shape[1], train_shape[2], train_shape[3]}) {
    throw DataError("{}: {}/images is {} but /train/images is {}; all images must have the same size.", path, group,
                    images.to_string(), train_shape.to_string());
  }
  check_count(file, group, "images", images[0]);
}

/// Image indices of each class; every class has at least one.
std::vector<std::vector<std::int32_t>> members_of(const Tensor& labels, const std::vector<std::string>& class_names,
                                                  const std::string& place) {
  std::vector<std::vector<std::int32_t>> members(class_names.size());
  for (std::int64_t image = 0; image < labels.numel(); ++image) {
    const std::int32_t label = labels.data<std::int32_t>()[image];
    if (label < 0 || label >= std::ssize(members)) {
      throw DataError("{}/labels: image {} has label {}; expected 0 to {}, as there are {} class names.", place, image,
                      label, std::ssize(members) - 1, members.size());
    }
    members[static_cast<std::size_t>(label)].push_back(static_cast<std::int32_t>(image));
  }
  const auto empty = std::find_if(members.begin(), members.end(), [](const auto& images) { return images.empty(); });
  if (empty != members.end()) {
    throw DataError("{}/labels: the class '{}' has no images.", place,
                    class_names[static_cast<std::size_t>(empty - members.begin())]);
  }
  return members;
}

bool has_val(const hdf5::File& file) {
  return file.has(group_of(Split::val));
}

std::vector<Split> splits_of(const hdf5::File& file) {
  if (has_val(file)) return {std::begin(all_splits), std::end(all_splits)};
  return {Split::train, Split::test};
}

/// The images of a split: in memory, or, if `stays`, left in the file where it is stored so that this can be done.
Tensor read_images(const hdf5::File& file, const std::string& name, bool stays) {
  if (stays) {
    if (Tensor images = file.map(name)) return images;
  }
  require_memory(static_cast<double>(file.shape(name).numel()), "the images of " + file.path().string(),
                 "Pack smaller images or fewer classes, or raise the limit (that of the batch job, ulimit -v).");
  return file.read(name);
}

ClassSplit read_split(const hdf5::File& file, Split which, bool stays) {
  const std::string group = group_of(which);
  ClassSplit split;
  split.class_names = file.read_strings(group + "/class_names");
  check_count(file, group, "classes", std::ssize(split.class_names));
  split.members = members_of(file.read(group + "/labels"), split.class_names, file.path().string() + ": " + group);
  split.images = read_images(file, group + "/images", stays);
  return split;
}

/// mean or std: one number per channel.
std::vector<double> read_statistic(const hdf5::File& file, const std::string& name, std::int64_t channels) {
  std::vector<double> values = file.real_attribute("/", name);
  // Pixels are computed with in float: a deviation that is 0 there, or infinite, cannot be divided by.
  const bool usable = std::all_of(values.begin(), values.end(), [&](double v) {
    const auto number = static_cast<float>(v);
    return std::isfinite(number) && (name == "mean" || number >= std::numeric_limits<float>::min());
  });
  if (std::ssize(values) != channels || !usable) {
    throw DataError("{}: the attribute {} must be {} finite number(s){}, one per channel; found {} number(s).",
                    file.path().string(), name, channels, name == "mean" ? "" : " above 0", values.size());
  }
  return values;
}

void write_split(hdf5::File& file, Split which, const ClassSplit& split) {
  const std::string group = group_of(which);
  file.set_attribute(group, "classes", split.classes());
  file.set_attribute(group, "images", split.images.dim(0));
  file.write_strings(group + "/class_names", split.class_names);
  file.write(group + "/labels", labels_of(split));
  file.write(group + "/images", split.images);
}

void update(Digest& digest, const Tensor& tensor) {
  digest.update(tensor.shape().to_string());
  digest.update(std::span(static_cast<const std::byte*>(tensor.raw()), tensor.bytes()));
}

}  // namespace

std::string_view name_of(Split split) {
  switch (split) {
    case Split::train:
      return "train";
    case Split::val:
      return "val";
    case Split::test:
      return "test";
  }
  return "?";
}

Split parse_split(std::string_view name) {
  for (const Split split : all_splits) {
    if (name == name_of(split)) return split;
  }
  throw UsageError("There is no split '{}'; the splits are train, val and test.", name);
}

Stream episode_stream(Split split) {
  return split == Split::train ? Stream::train_episodes
         : split == Split::val ? Stream::validation_episodes
                               : Stream::test_episodes;
}

bool ClassDataset::has(Split which) const {
  return which != Split::val || !val.images.absent();
}

const ClassSplit& ClassDataset::split(Split which) const {
  if (!has(which)) {
    throw DataError("The dataset '{}' has no split val. Choose train or test, or set validation.every to 0.", name);
  }
  return which == Split::train ? train : which == Split::val ? val : test;
}

bool ClassDataset::is_labeled() const {
  return train.class_names == test.class_names && (!has(Split::val) || train.class_names == val.class_names);
}

void require_own_classes(const ClassDataset& dataset) {
  if (!dataset.is_labeled()) return;
  throw DataError(
      "The splits of '{}' have the same {} classes, but few-shot learning tests on classes that were not trained on. "
      "Choose a dataset whose splits have classes of their own, such as omniglot28.",
      dataset.name, dataset.train.classes());
}

void require_shared_classes(const ClassDataset& dataset) {
  if (dataset.is_labeled()) return;
  throw DataError(
      "The splits of '{}' have classes of their own, but a stream needs the same classes in all of them. Choose a "
      "dataset such as mnist, or few-shot episodes of this one.",
      dataset.name);
}

ClassDataset read_class_dataset(const std::filesystem::path& path) {
  const hdf5::File file = hdf5::File::open(path);
  hdf5::expect_format(file, "classes", class_format_version);
  const Shape train_shape = file.shape("/train/images");
  double bytes = 0;
  for (const Split which : splits_of(file)) {
    check_split(file, which, train_shape);
    bytes += static_cast<double>(file.shape(group_of(which) + "/images").numel());
  }
  const bool stays = bytes > available_memory() / 2;
  ClassDataset dataset;
  dataset.name = file.has_attribute("/", "name") ? file.string_attribute("/", "name") : path.stem().string();
  dataset.mean = read_statistic(file, "mean", train_shape[3]);
  dataset.std = read_statistic(file, "std", train_shape[3]);
  dataset.train = read_split(file, Split::train, stays);
  if (has_val(file)) dataset.val = read_split(file, Split::val, stays);
  dataset.test = read_split(file, Split::test, stays);
  set_labels(dataset);
  set_digest(dataset);
  return dataset;
}

void write_class_dataset(const ClassDataset& dataset, const std::filesystem::path& path, const std::string& generator) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "classes", class_format_version, generator);
  file.set_attribute("/", "name", dataset.name);
  file.set_attribute("/", "mean", dataset.mean);
  file.set_attribute("/", "std", dataset.std);
  for (const Split which : all_splits) {
    if (dataset.has(which)) write_split(file, which, dataset.split(which));
  }
  write_file_atomically(path, file.image());
}

void set_statistics(ClassDataset& dataset) {
  const std::int64_t channels = dataset.channels(), count = dataset.train.images.numel() / channels;
  std::vector<std::int64_t> sum(static_cast<std::size_t>(channels)), squares(sum.size());
  const std::uint8_t* pixel = dataset.train.images.data<std::uint8_t>();
  for (std::int64_t i = 0; i < count; ++i) {
    for (std::size_t c = 0; c < sum.size(); ++c, ++pixel) {
      sum[c] += *pixel;
      squares[c] += *pixel * *pixel;
    }
  }
  dataset.mean.clear();
  dataset.std.clear();
  for (std::size_t c = 0; c < sum.size(); ++c) {
    const double mean = static_cast<double>(sum[c]) / static_cast<double>(count);
    const double variance = static_cast<double>(squares[c]) / static_cast<double>(count) - mean * mean;
    dataset.mean.push_back(mean / 255);
    dataset.std.push_back(std::sqrt(std::max(variance, 1.0)) / 255);
  }
}

void set_labels(ClassDataset& dataset) {
  dataset.train.label = fmt::format("the split train of {}", dataset.name);
  dataset.val.label = fmt::format("the split val of {}", dataset.name);
  dataset.test.label = fmt::format("the split test of {}", dataset.name);
}

void set_digest(ClassDataset& dataset) {
  Digest digest;
  for (const Split which : all_splits) {
    if (!dataset.has(which)) continue;
    const ClassSplit& split = dataset.split(which);
    digest.update(name_of(which));
    for (const std::string& name : split.class_names) {
      digest.update(name);
      digest.update(std::string_view("\0", 1));
    }
    update(digest, labels_of(split));
    update(digest, split.images);
  }
  dataset.digest = digest.hex();
}

namespace {

/// Datasets that scripts in data_scripts/ make, and how.
constexpr std::pair<std::string_view, std::string_view> packers[] = {
    {"omniglot28", "pack_omniglot.py"},
    {"omniglot84rgb", "pack_omniglot.py --size 84 --rgb"},
    {"miniimagenet", "pack_miniimagenet.py"},
    {"miniimagenet32", "pack_miniimagenet.py --size 32"},
    {"fc100", "pack_cifar.py --protocol fc100"},
    {"cifarfs", "pack_cifar.py --protocol cifarfs"},
    {"tieredimagenet", "pack_tieredimagenet.py"},
    {"omniglot_background28", "pack_omniglot.py --split background --plain"},
    {"mnist", "pack_idx.py --dataset mnist"},
    {"fashion_mnist", "pack_idx.py --dataset fashion_mnist"},
    {"kmnist", "pack_idx.py --dataset kmnist"},
    {"emnist", "pack_idx.py --part byclass --dataset emnist"},
    {"cifar10", "pack_cifar.py --cifar10 ARCHIVE"}};

/// " Did you mean omniglot28 or omniglot84rgb?", of names that begin alike.
std::string similar_datasets(const std::string& name) {
  std::vector<std::string_view> names;
  for (const auto& [dataset, packer] : packers) {
    if (dataset.starts_with(name) || name.starts_with(dataset)) names.push_back(dataset);
  }
  if (names.empty()) return "";
  const std::string_view last = names.back();
  names.pop_back();
  return names.empty() ? fmt::format(" Did you mean {}?", last)
                       : fmt::format(" Did you mean {} or {}?", fmt::join(names, ", "), last);
}

/// Of a dataset that is not there, after "make the file: ".
std::string how_to_make(const std::string& name) {
  for (const auto& [dataset, packer] : packers) {
    if (name == dataset)
      return fmt::format("'data_scripts/{} ... --out data/{}.h5' packs it (docs/data.md).", packer, name);
  }
  return fmt::format("the scripts pack_*.py in data_scripts pack published ones (docs/data.md).{}",
                     similar_datasets(name));
}

}  // namespace

std::filesystem::path find_dataset(const std::string& name, const std::string& data_dir) {
  const bool is_path = name.find('/') != std::string::npos || name.ends_with(".h5");
  if (is_path) {
    std::filesystem::path path = find_moved(name, data_dir);
    if (is_there(path)) return path;
    throw DataError("There is no file {}, and none of its name in the folders of --data-dir and $SRWM_DATA.",
                    path.string());
  }
  std::string looked_at;
  for (const std::filesystem::path& folder : data_folders(data_dir)) {
    std::filesystem::path path = folder / (name + ".h5");
    if (is_there(path)) return path;
    looked_at += fmt::format("{}{}", looked_at.empty() ? "" : ", ", path.string());
  }
  throw DataError(
      "The dataset '{}' was not found; looked for {}. Name its folder with --data-dir or $SRWM_DATA, or make the file: "
      "{}",
      name, looked_at, how_to_make(name));
}

}  // namespace srwm
