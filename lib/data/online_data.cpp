#include "data/online_data.h"

namespace srwm {
namespace {

constexpr std::string_view random_name = "random", sum_name = "sum", glyphs_name = "glyphs";

/// 20 images of normal noise, labels uniform in 0 .. 9 (the published set).
OnlineSource random_source(Split split, std::uint64_t seed) {
  constexpr std::int64_t count = 20, classes = 10;
  OnlineSource source{.name = std::string(random_name), .classes = classes};
  source.images = Tensor::owning({count, source.height, source.width, source.channels}, DType::f32);
  source.members.resize(classes);
  RandomSequence random(seed, Stream::online_episodes, 0, (std::uint64_t{1} + static_cast<std::uint64_t>(split)) << 40);
  for (float& pixel : source.images.span<float>()) pixel = static_cast<float>(random.normal());
  for (std::int32_t image = 0; image < count; ++image) source.members[random.below(classes)].push_back(image);
  return source;
}

}  // namespace

Split drawn_split(const ClassDataset& dataset, Split split) {
  return dataset.has(split) ? split : Split::train;
}

OnlineData::OnlineData(const std::vector<std::string>& names, const GlyphOptions& glyphs, const std::string& data_dir,
                       int threads) {
  for (const std::string& name : names) {
    if (datasets_.contains(name)) continue;
    std::shared_ptr<const ClassDataset> dataset;
    if (name == glyphs_name) {
      dataset = std::make_shared<const ClassDataset>(make_glyphs(glyphs, threads));
    } else if (name != random_name && name != sum_name) {
      dataset = std::make_shared<const ClassDataset>(read_class_dataset(find_dataset(name, data_dir)));
    }
    datasets_.emplace(name, std::move(dataset));
  }
}

OnlineSource OnlineData::source(const std::string& name, Split split, std::uint64_t seed) const {
  if (name == random_name) return random_source(split, seed);
  if (name == sum_name) return {.name = name, .classes = 2};
  const ClassDataset& from = dataset(name);
  const bool is_glyphs = name == glyphs_name;
  if (!is_glyphs) require_shared_classes(from);
  const ClassSplit& images = from.split(drawn_split(from, split));
  return {.name = name,
          .height = from.height(),
          .width = from.width(),
          .channels = from.channels(),
          .classes = images.classes(),
          .has_class_choice = is_glyphs,
          .images = images.images,
          .members = images.members,
          .mean = from.mean,
          .std = from.std};
}

const ClassDataset& OnlineData::dataset(const std::string& name) const {
  const auto found = datasets_.find(name);
  SRWM_CHECK(found != datasets_.end(), "no dataset {} was loaded", name);
  if (!found->second) {
    throw SpecError("'{}' has no classes to draw few-shot episodes from. Choose a class dataset, or glyphs.", name);
  }
  return *found->second;
}

std::string OnlineData::digest() const {
  std::string digest;
  for (const auto& [name, dataset] : datasets_) {
    digest += (digest.empty() ? "" : "+") + (dataset ? dataset->digest : name);
  }
  return digest;
}

}  // namespace srwm
