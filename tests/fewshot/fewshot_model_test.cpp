#include "tasks/fewshot/fewshot_model.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "ops/backend.h"
#include "ops/cross_entropy.h"

using namespace srwm;

namespace {

constexpr ImageShape image{16, 17, 1};
constexpr std::int64_t n_way = 3, batch = 2;

FewShotModelOptions small(CoreKind kind) {
  return {.vision = {.channels = 4}, .core = {.kind = kind, .layers = 2, .heads = 2, .hidden = 8, .ff_factor = 2}};
}

/// A Res-12 with blocks of 2, 3, 4, 8 channels under an SRWM.
FewShotModelOptions small_res12(ResNetSize size = ResNetSize::base) {
  FewShotModelOptions options = small(CoreKind::srwm);
  options.vision = {.kind = VisionKind::res12, .channels = 2, .size = size};
  return options;
}

/// A model with its parameters on one context.
struct Model {
  Model(const Backend& backend, DType real, const FewShotModelOptions& options)
      : context(backend, real, 2), set(context, 3), net(set, options, image, n_way) {
    // Batch-norm starts with beta 0 and all images alike in scale; other values make the check see more.
    for (Parameter& parameter : set.parameters()) {
      const bool is_norm =
          parameter.name.find(".1.") != std::string::npos || parameter.name.find(".bn") != std::string::npos;
      if (is_norm && parameter.name.ends_with(".bias")) shift(parameter.value);
    }
  }

  static void shift(const Tensor& tensor) {
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      const double value = 0.3 + 0.1 * static_cast<double>(i);
      if (tensor.dtype() == DType::f64) {
        tensor.data<double>()[i] = value;
      } else {
        tensor.data<float>()[i] = static_cast<float>(value);
      }
    }
  }

  Context context;
  ParameterSet set;
  FewShotModel net;
};

Tensor random_images(Context& context, std::int64_t count) {
  const Tensor images = context.empty({count, image.height, image.width, image.channels});
  RandomSequence numbers(9, Stream::init, 1);
  for (std::int64_t i = 0; i < images.numel(); ++i) {
    const double value = numbers.uniform();
    if (images.dtype() == DType::f64) {
      images.data<double>()[i] = value;
    } else {
      images.data<float>()[i] = static_cast<float>(value);
    }
  }
  return images;
}

/// Episodes of `length` images with targets on the last `targets`.
FewShotInput input(Context& context, std::int64_t length, std::int64_t targets, std::int64_t queries) {
  FewShotInput result{
      .images = random_images(context, batch * length), .batch = batch, .length = length, .queries = queries};
  std::vector<std::int32_t> labels, rows, support;
  for (std::int32_t p = 0; p < batch * length; ++p) {
    labels.push_back(p % n_way);
    (p % length >= length - targets ? rows : support).push_back(p);
  }
  result.labels = Tensor::of<std::int32_t>({batch * length}, labels);
  result.rows = Tensor::of<std::int32_t>({static_cast<std::int64_t>(rows.size())}, rows);
  result.support_rows = Tensor::of<std::int32_t>({static_cast<std::int64_t>(support.size())}, support);
  return result;
}

Tensor targets_for(std::int64_t rows) {
  const Tensor targets = Tensor::owning({rows}, DType::i32);
  for (std::int64_t i = 0; i < rows; ++i)
    targets.data<std::int32_t>()[i] = static_cast<std::int32_t>((i * 2 + 1) % n_way);
  return targets;
}

double loss_of(Model& model, std::int64_t length, std::int64_t targets, std::int64_t queries, bool backward) {
  model.context.rewind();
  Tape tape(model.context);
  const FewShotInput batch_input = input(model.context, length, targets, queries);
  const Variable logits = model.net.logits(tape, batch_input, {.training = true});
  const Variable loss = tape.apply(CrossEntropy{.targets = targets_for(logits.shape()[0])}, {logits})[0];
  if (backward) {
    model.set.zero_grad();
    tape.backward(loss);
  }
  return loss.value().dtype() == DType::f64 ? *loss.value().data<double>()
                                            : static_cast<double>(*loss.value().data<float>());
}

/// Central differences of a few elements of every parameter.
void check_gradients(Model& model, const std::function<double(bool)>& loss) {
  loss(true);
  std::vector<std::vector<double>> gradients;
  for (const Parameter& parameter : model.set.parameters()) {
    INFO(parameter.name);
    REQUIRE(parameter.slot.written);
    const auto span = parameter.slot.grad.span<double>();
    gradients.emplace_back(span.begin(), span.end());
  }
  constexpr double step = 1e-5;
  std::size_t index = 0;
  for (Parameter& parameter : model.set.parameters()) {
    const std::vector<double>& gradient = gradients[index++];
    const std::int64_t n = parameter.value.numel();
    for (std::int64_t i = 0; i < n; i += std::max<std::int64_t>(1, n / 3)) {
      double& element = parameter.value.data<double>()[i];
      const double before = element;
      element = before + step;
      const double up = loss(false);
      element = before - step;
      const double down = loss(false);
      element = before;
      const double numeric = (up - down) / (2 * step);
      INFO(parameter.name << "[" << i << "]: tape " << gradient[static_cast<std::size_t>(i)] << ", numeric "
                          << numeric);
      CHECK(std::abs(gradient[static_cast<std::size_t>(i)] - numeric) <= 1e-7 + 1e-5 * std::abs(numeric));
    }
  }
}

}  // namespace

TEST_CASE("gradients of whole models, in double", "[model][gradient]") {
  const CoreKind kind = GENERATE(from_range(std::begin(fewshot_core_kinds), std::end(fewshot_core_kinds)));
  const bool branches = GENERATE(false, true);
  CAPTURE(name_of(kind), branches);
  Model model(reference_backend(DType::f64), DType::f64, small(kind));
  check_gradients(model,
                  [&](bool backward) { return loss_of(model, 5, branches ? 2 : 3, branches ? 2 : 0, backward); });
}

TEST_CASE("SRWM options have gradients too", "[model][gradient]") {
  FewShotModelOptions options = small(CoreKind::srwm);
  options.core.input_softmax = true;
  options.core.layer_norm = false;
  options.core.beta_init = -1;
  Model model(reference_backend(DType::f64), DType::f64, options);
  check_gradients(model, [&](bool backward) { return loss_of(model, 4, 4, 0, backward); });
}

TEST_CASE("gradients of a Res-12, in double", "[model][gradient]") {
  const ResNetSize size = GENERATE(ResNetSize::base, ResNetSize::big);
  Model model(reference_backend(DType::f64), DType::f64, small_res12(size));
  check_gradients(model, [&](bool backward) { return loss_of(model, 4, 2, 0, backward); });
}

TEST_CASE("gradients through every kind of dropout, in double", "[model][gradient]") {
  const VisionKind vision = GENERATE(VisionKind::conv4, VisionKind::res12);
  const DropoutKind kind = GENERATE(from_range(std::begin(all_dropout_kinds), std::end(all_dropout_kinds)));
  CAPTURE(name_of(vision), name_of(kind));
  FewShotModelOptions options = vision == VisionKind::res12 ? small_res12() : small(CoreKind::srwm);
  options.vision.dropout = 0.2;
  options.vision.dropout_kind = kind;
  options.vision.input_dropout = 0.1;
  Model model(reference_backend(DType::f64), DType::f64, options);
  check_gradients(model, [&](bool backward) { return loss_of(model, 4, 2, 0, backward); });
}

TEST_CASE("the published Conv-4 have their features", "[model]") {
  Context context(reference_backend(DType::f32), DType::f32, 1);
  const auto features = [&](std::int64_t channels, const ImageShape& shape) {
    ParameterSet set(context, 1);
    DropoutSites sites;
    return make_image_encoder(set, {.channels = channels}, shape, sites)->features();
  };
  CHECK(features(64, {28, 28, 1}) == 64);   // Omniglot
  CHECK(features(32, {84, 84, 3}) == 800);  // Mini-ImageNet
  CHECK(features(32, {32, 32, 3}) == 128);  // FC100
}

TEST_CASE("the published Res-12 have their parameters", "[model]") {
  Context context(reference_backend(DType::f32), DType::f32, 1);
  const auto encoder = [&](ResNetSize size, std::int64_t& scalars) {
    ParameterSet set(context, 1);
    DropoutSites sites;
    const auto net = make_image_encoder(set, {.kind = VisionKind::res12, .size = size}, {84, 84, 3}, sites);
    scalars = set.count();
    return net->features();
  };
  // 9 (3 + 64 + 64) 64 + 9 (64 + 96 + 96) 96 + ... for the convolutions, 8 C for the norms of a block, I C the shortcut
  std::int64_t base = 0, big = 0;
  CHECK(encoder(ResNetSize::base, base) == 256);
  CHECK(encoder(ResNetSize::big, big) == 512);
  CHECK(base == 2232448);
  CHECK(big == 7996800);
}

TEST_CASE("a query as a branch equals a query as the last step", "[model]") {
  const CoreKind kind = GENERATE(from_range(std::begin(fewshot_core_kinds), std::end(fewshot_core_kinds)));
  CAPTURE(name_of(kind));
  Model model(reference_backend(DType::f64), DType::f64, small(kind));
  CHECK(loss_of(model, 4, 1, 1, false) == Approx(loss_of(model, 4, 1, 0, false)).epsilon(1e-12));
}

TEST_CASE("the fast float model agrees with the double one", "[model]") {
  const CoreKind kind = GENERATE(from_range(std::begin(fewshot_core_kinds), std::end(fewshot_core_kinds)));
  CAPTURE(name_of(kind));
  FewShotModelOptions options = small(kind);
  options.vision.channels = 16;
  options.core.hidden = 32;
  Model fast(cpu_backend(), DType::f32, options), exact(reference_backend(DType::f64), DType::f64, options);
  CHECK(std::abs(loss_of(fast, 5, 3, 0, true) - loss_of(exact, 5, 3, 0, true)) <= 1e-5);
  std::size_t i = 0;
  for (const Parameter& parameter : exact.set.parameters()) {
    const Parameter& other = fast.set.parameters()[i++];
    double largest = 0, worst = 0;
    for (std::int64_t j = 0; j < parameter.value.numel(); ++j) {
      const double g = parameter.slot.grad.data<double>()[j];
      largest = std::max(largest, std::abs(g));
      worst = std::max(worst, std::abs(g - static_cast<double>(other.slot.grad.data<float>()[j])));
    }
    INFO(parameter.name << ": largest gradient " << largest << ", worst error " << worst);
    CHECK(worst <= 2e-3 * largest + 2e-6);
  }
}

TEST_CASE("parameter names are those of the authors' state_dict", "[model]") {
  Model model(reference_backend(DType::f32), DType::f32, small(CoreKind::srwm));
  std::vector<std::string> names;
  for (const Parameter& parameter : model.set.parameters()) names.push_back(parameter.name);
  for (const char* expected :
       {"conv_layers.0.0.weight", "conv_layers.3.1.bias", "input_proj.weight", "layers.0.W_y", "layers.0.w_b",
        "layers.0.layer_norm.weight", "layers.0.out_linear.weight", "layers.1.ff_layers.0.weight",
        "layers.1.ff_layers.3.bias", "layers.1.layer_norm.bias", "layers.2.W_k", "out_layer.bias"}) {
    INFO(expected);
    CHECK(std::ranges::count(names, std::string(expected)) == 1);
  }
}

TEST_CASE("an image too small for Conv-4 is rejected with an explanation", "[model]") {
  Context context(reference_backend(DType::f32), DType::f32, 1);
  ParameterSet set(context, 1);
  CHECK_THROWS_WITH(FewShotModel(set, small(CoreKind::srwm), {15, 28, 1}, 5), Catch::Matchers::Contains("16x16"));
}
