#include "tasks/fewshot/predict.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <set>

#include <fmt/format.h>

#include "core/error.h"
#include "core/rng.h"
#include "data/bicubic.h"
#include "io/png.h"
#include "tasks/fewshot/data.h"
#include "tasks/fewshot/learner.h"
#include "tasks/fewshot/predict_picture.h"
#include "tasks/fewshot/predictor.h"
#include "train/model_state.h"

namespace srwm {
namespace {

/// Queries at a time: the memory that an answer takes does not depend on how many there are.
constexpr std::size_t most_at_once = 64;

/// The pictures of a class, by their names.
using Support = std::map<std::string, std::vector<std::filesystem::path>>;

Support find_support(const std::filesystem::path& folder) {
  Support support;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    if (!entry.is_directory(unreadable)) continue;
    std::vector<std::filesystem::path> pictures = png_files(entry.path());
    if (!pictures.empty()) support.emplace(entry.path().filename().string(), std::move(pictures));
  }
  if (support.empty()) {
    throw DataError("{} has no pictures: expected {}/CLASS/*.png, a folder for each class.", folder.string(),
                    folder.string());
  }
  return support;
}

void check_classes(const Support& support, const ExperimentSpec& spec, const std::filesystem::path& folder) {
  const std::int64_t n_way = spec.protocol.n_way;
  if (std::ssize(support) == n_way) return;
  throw UsageError("The model tells {} classes apart, and {} has {} folders with PNG pictures. Give it {}.", n_way,
                   folder.string(), support.size(), n_way);
}

/// The pictures as the model sees them, u8 [N, h, w, C].
class Images {
 public:
  Images(const ImageShape& shape, std::size_t count, bool inverts)
      : pixels_(
            Tensor::owning({static_cast<std::int64_t>(count), shape.height, shape.width, shape.channels}, DType::u8)),
        inverts_(inverts) {}

  void add(const std::filesystem::path& path) {
    const Tensor image = with_channels(fit_picture(read_png(path), pixels_.dim(1), pixels_.dim(2)), pixels_.dim(3));
    std::uint8_t* to = pixels_.data<std::uint8_t>() + count_++ * image.numel();
    std::memcpy(to, image.data<std::uint8_t>(), static_cast<std::size_t>(image.numel()));
    if (inverts_) std::transform(to, to + image.numel(), to, [](std::uint8_t pixel) { return 255 - pixel; });
  }

  const Tensor& pixels() const { return pixels_; }

 private:
  Tensor pixels_;
  bool inverts_;
  std::int64_t count_ = 0;
};

/// A support picture: its place in the images, and its class.
struct Shown {
  std::int32_t image, label;
};

/// The support in random order.
std::vector<Shown> shuffled(const Support& support, std::uint64_t seed) {
  std::vector<Shown> order;
  std::int32_t image = 0, label = 0;
  for (const auto& [name, pictures] : support) {
    for (std::size_t i = 0; i < pictures.size(); ++i) order.push_back({image++, label});
    ++label;
  }
  RandomSequence random(seed, Stream::test_episodes, 0);
  random.shuffle(order.begin(), order.end());
  return order;
}

/// The queries with the images first .. first + count - 1, each at the end of the support: as branches of one episode
/// where labels are fed with their images, else as the last image of an episode each.
EpisodeBatch make_batch(const std::vector<Shown>& support, std::int32_t first, std::int64_t count, bool is_sync) {
  const auto shown = static_cast<std::int64_t>(support.size());
  EpisodeBatch batch;
  batch.resize(is_sync ? 1 : count, is_sync ? shown + count : shown + 1);
  batch.queries = is_sync ? count : 0;
  std::ranges::fill(batch.target, 0);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) {
    for (std::int64_t t = 0; t < batch.length; ++t) {
      const auto p = static_cast<std::size_t>(episode * batch.length + t);
      const bool is_query = t >= shown;
      const Shown& image = support[static_cast<std::size_t>(std::min(t, shown - 1))];
      batch.image[p] = is_query ? first + static_cast<std::int32_t>(episode + t - shown) : image.image;
      batch.label_in[p] = is_query ? 0 : image.label;
      batch.target[p] = is_query ? 0 : image.label;
    }
  }
  if (!is_sync) feed_delayed(batch);
  for (std::int64_t episode = 0; episode < batch.batch; ++episode) {
    std::fill_n(batch.target.begin() + episode * batch.length, shown, -1);
  }
  return batch;
}

std::vector<double> softmax(const Tensor& logits, std::int64_t row) {
  std::vector<double> values(static_cast<std::size_t>(logits.dim(1)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = logits.data<float>()[static_cast<std::size_t>(row * logits.dim(1)) + i];
  }
  const double largest = *std::ranges::max_element(values);
  double sum = 0;
  for (double& value : values) sum += value = std::exp(value - largest);
  for (double& value : values) value /= sum;
  return values;
}

/// How the request differs from the episodes that the model was trained on.
std::vector<std::string> remarks_on(const Support& support, const ExperimentSpec& spec) {
  std::set<std::size_t> shots;
  for (const auto& [name, pictures] : support) shots.insert(pictures.size());
  const auto trained = static_cast<std::size_t>(spec.protocol.k_shot);
  if (shots == std::set{trained}) return {};
  return {fmt::format("The model was trained with {} picture{} of each class; here are {} to {}.", trained,
                      trained == 1 ? "" : "s", *shots.begin(), *shots.rbegin())};
}

}  // namespace

PredictOutcome predict_pictures(const PredictRequest& request) {
  ExperimentSpec spec = as<ExperimentSpec>(request.spec);
  spec.data.train_episodes.clear();
  const Support support = find_support(request.support);
  check_classes(support, spec, request.support);
  const FewShotData data(spec, request.data_dir, request.context.threads());
  FewShotLearner learner(request.context, spec, data.image_shape());
  restore_model(request.context, request.checkpoint, learner.parameters());

  PredictOutcome outcome;
  const std::vector<Shown> order = shuffled(support, request.order_seed);
  Images images(data.image_shape(), order.size() + request.queries.size(), request.inverts);
  for (const auto& [name, pictures] : support) {
    outcome.classes.push_back(name);
    outcome.shots.push_back(std::ssize(pictures));
    for (const std::filesystem::path& picture : pictures) images.add(picture);
  }
  for (const std::filesystem::path& query : request.queries) images.add(query);

  ImagePool pool{{data.training().pool().sets.front()}};
  pool.sets.front().images = images.pixels();
  for (std::size_t first = 0; first < request.queries.size(); first += most_at_once) {
    const std::size_t count = std::min(most_at_once, request.queries.size() - first);
    const EpisodeBatch batch = make_batch(order, static_cast<std::int32_t>(order.size() + first),
                                          static_cast<std::int64_t>(count), spec.protocol.protocol == Protocol::sync);
    const Prediction prediction = predict(request.context, learner, batch, pool);
    for (std::size_t i = 0; i < count; ++i) {
      outcome.answers.push_back({request.queries[first + i], softmax(prediction.logits, static_cast<std::int64_t>(i))});
    }
  }
  outcome.remarks = remarks_on(support, spec);
  if (!request.picture.empty()) write_png(draw_answers(images.pixels(), outcome), request.picture);
  return outcome;
}

}  // namespace srwm
