// Networks of sub-RNNs against PyTorch: the files data/vsml_*.h5 come from make_vsml_golden.py.
#include <cstdlib>
#include <filesystem>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "golden/numbers.h"
#include "io/hdf5.h"
#include "nn/parameters.h"
#include "ops/backend.h"
#include "ops/vsml.h"
#include "optim/adam.h"

using namespace srwm;
using namespace srwm::test;

namespace {

constexpr double deviation_of_noise = 0.05;

VsmlLayer dense(std::int64_t in, std::int64_t out) {
  return {.in = in, .out = out, .height = 0, .width = 0, .stride = 1};
}

Vsml small(std::initializer_list<VsmlLayer> layers) {
  Vsml op;
  std::copy(layers.begin(), layers.end(), op.layers.begin());
  op.message_size = 4;
  op.cell_size = 6;
  return op;
}

Vsml network(const std::string& name) {
  Vsml op = small({dense(4, 3), dense(3, 2)});
  if (name == "dense") {
    op = Vsml();
    op.layers[0] = dense(6, 3);
  } else if (name == "streams") {
    op = small({dense(4, 3)});
    op.message_size = op.micro_ticks = op.streams = 3;
    op.cell_size = 5;
    op.output_index = 2;
    op.bound = 0;
    op.layer_norm = true;
  } else if (name == "deep") {
    op.layer_norm = op.feed_label = true;
  } else if (name == "reverse") {
    op.reverse_tick = op.separate_reverse = op.layerwise = op.last_step = true;
  } else {
    op = small({{.in = 1, .out = 2, .height = 5, .width = 4, .stride = 2},
                {.in = 2, .out = 1, .height = 3, .width = 2, .stride = 2},
                dense(2, 2)});
    op.layer_norm = op.feed_label = op.reverse_tick = op.published_conv_mask = true;
  }
  return op;
}

/// The networks of authors_vsml.py.
Vsml authors_network(const std::string& name) {
  Vsml op;
  op.layers[0] = dense(784, 10);
  op.layer_norm = op.feed_label = name == "dense_label" || name == "deep" || name == "conv";
  if (name == "deep") {
    op.layers[0] = dense(784, 32);
    op.layers[1] = dense(32, 10);
  } else if (name == "reverse") {
    op.layers[0] = dense(196, 8);
    op.layers[1] = dense(8, 5);
    op.reverse_tick = op.separate_reverse = op.layerwise = true;
  } else if (name == "conv") {
    op.layers[0] = {.in = 1, .out = 4, .height = 14, .width = 13, .stride = 2};
    op.layers[1] = {.in = 4, .out = 3, .height = 7, .width = 7, .stride = 2};
    op.layers[2] = dense(48, 5);
    op.reverse_tick = op.published_conv_mask = true;
  }
  return op;
}

/// A network, what it is trained on, and the numbers of others.
class GoldenVsml {
 public:
  GoldenVsml(const std::filesystem::path& path, const Vsml& op, const Backend& backend, DType real)
      : file_(hdf5::File::open(path)), op_(op), context_(backend, real, 2) {
    const Tensor x = file_.read("/x");
    steps_ = x.dim(0);
    episodes_ = x.dim(1) / op_.streams;
  }
  GoldenVsml(const std::string& name, const Backend& backend, DType real)
      : GoldenVsml(std::filesystem::path(GOLDEN_DATA) / ("vsml_" + name + ".h5"), network(name), backend, real) {}

  std::vector<double> expected(const std::string& dataset) const { return values_of(file_.read(dataset)); }

  struct Training {
    std::vector<double> losses, theta;
    std::vector<double> logits, gradient;  ///< of the first step
  };

  /// The mean loss of the episodes, backward through time, clipped, and Adam.
  Training train_backward() {
    return train({.rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8, .clip_norm = 0.05}, [&](std::int64_t step,
                                                                                                   Parameter& theta,
                                                                                                   Training& result) {
      Tape tape(context_);
      Vsml op = op_;
      op.targets = part("/targets", step, DType::i32);
      const auto out = tape.apply(op, {theta.on(tape), Variable(input("/x", step)), Variable(input("/c_first", step))});
      append(result.losses, out[Vsml::loss].value());
      if (step == 0) result.logits = values_of(out[Vsml::logits].value());
      tape.backward(std::array{out[Vsml::loss]},
                    std::array{context_.full({episodes_}, 1.0 / static_cast<double>(episodes_))});
      if (step == 0) result.gradient = values_of(theta.slot.grad);
    });
  }

  /// Evolution's estimate from an antithetic pair per episode, and Adam.
  Training train_evolution() {
    return train({.rate = 0.025, .beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8},
                 [&](std::int64_t step, Parameter& theta, Training& result) {
                   const std::int64_t n = theta.value.numel();
                   const std::vector<double> noise = values_of(input("/noise", step));
                   const std::vector<double> center = values_of(theta.value);
                   const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
                   Tensor members = Tensor::owning({2 * episodes_, n}, DType::f64);
                   for (std::int64_t i = 0; i < 2 * episodes_ * n; ++i) {
                     const double d = deviation_of_noise * noise[at(i / (2 * n) * n + i % n)];
                     members.data<double>()[i] = center[at(i % n)] + (i / n % 2 == 0 ? d : -d);
                   }
                   Tape tape(context_, Tape::Mode::forward_only);
                   Vsml op = op_;
                   op.targets = part("/targets", step, DType::i32);
                   op.forward_only = true;
                   const auto out = tape.apply(
                       op, {Variable(members), Variable(input("/x", step)), Variable(input("/c_first", step))});
                   append(result.losses, out[Vsml::loss].value());
                   const double* loss = out[Vsml::loss].value().data<double>();
                   double* gradient = theta.slot.grad.data<double>();
                   for (std::int64_t j = 0; j < n; ++j) {
                     gradient[j] = 0;
                     for (std::int64_t e = 0; e < episodes_; ++e) {
                       gradient[j] += noise[at(e * n + j)] * (loss[2 * e] - loss[2 * e + 1]) /
                                      (2 * deviation_of_noise * static_cast<double>(episodes_));
                     }
                   }
                   theta.slot.written = true;
                 });
  }

 private:
  /// Row `step` of a dataset, in double.
  Tensor part(const char* dataset, std::int64_t step, DType dtype) const {
    const Tensor rows = file_.read(dataset).rows(step, step + 1);
    REQUIRE(rows.dtype() == dtype);
    Shape shape;
    for (int axis = 1; axis < rows.shape().rank(); ++axis) shape.push_back(rows.dim(axis));
    return rows.reshaped(shape);
  }
  Tensor input(const char* dataset, std::int64_t step) const {
    const Tensor exact = part(dataset, step, DType::f64);
    const Tensor tensor = Tensor::owning(exact.shape(), context_.real());
    copy_values(exact, tensor);
    return tensor;
  }
  static void append(std::vector<double>& numbers, const Tensor& tensor) {
    const std::vector<double> more = values_of(tensor);
    numbers.insert(numbers.end(), more.begin(), more.end());
  }

  template <typename Gradient>
  Training train(const OptimOptions& options, const Gradient& gradient) {
    ParameterSet set(context_, 1);
    Parameter& theta = set.constant("theta", {1, op_.parameters()}, 0);
    copy_values(file_.read("/theta").reshaped(theta.value.shape()), theta.value);
    Adam optimizer(context_, set, options, 1);
    Training result;
    for (std::int64_t step = 0; step < steps_; ++step) {
      context_.rewind();
      set.zero_grad();
      gradient(step, theta, result);
      optimizer.step(context_);
    }
    result.theta = values_of(theta.value);
    return result;
  }

  hdf5::File file_;
  Vsml op_;
  Context context_;
  std::int64_t steps_ = 0, episodes_ = 0;
};

std::string any_case() {
  return GENERATE("dense", "streams", "deep", "reverse", "conv");
}

void check_close(const std::vector<double>& found, const std::vector<double>& expected, double tolerance) {
  CHECK(deviation(found, expected) <= tolerance * largest(expected));
}

}  // namespace

TEST_CASE("VSML: backpropagation through time and Adam in double precision are PyTorch's", "[golden]") {
  const std::string name = any_case();
  INFO(name);
  GoldenVsml golden(name, reference_backend(DType::f64), DType::f64);
  const GoldenVsml::Training found = golden.train_backward();
  check_close(found.logits, golden.expected("/backward/logits"), 1e-9);
  check_close(found.gradient, golden.expected("/backward/gradient"), 1e-9);
  check_close(found.losses, golden.expected("/backward/losses"), 1e-9);
  check_close(found.theta, golden.expected("/backward/theta"), 1e-9);
}

TEST_CASE("VSML: evolution and Adam in double precision are PyTorch's", "[golden]") {
  const std::string name = any_case();
  INFO(name);
  GoldenVsml golden(name, reference_backend(DType::f64), DType::f64);
  const GoldenVsml::Training found = golden.train_evolution();
  check_close(found.losses, golden.expected("/evolution/losses"), 1e-9);
  check_close(found.theta, golden.expected("/evolution/theta"), 1e-9);
}

TEST_CASE("VSML: training in single precision follows PyTorch's in double", "[golden]") {
  const std::string name = any_case();
  INFO(name);
  GoldenVsml golden(name, cpu_backend(), DType::f32);
  const GoldenVsml::Training found = golden.train_backward();
  check_close(found.logits, golden.expected("/backward/logits"), 1e-4);
  check_close(found.gradient, golden.expected("/backward/gradient"), 1e-3);
  check_close(found.losses, golden.expected("/backward/losses"), 1e-3);
}

// For docs/benchmarks/agreement.md, by hand: authors_vsml.py runs the authors' own code and says how this is to be
// called.
TEST_CASE("VSML: networks of the authors' code say the same", "[.][authors]") {
  const char* folder = std::getenv("SRWM_AUTHORS_VSML");
  if (folder == nullptr) return;
  for (const char* name : {"dense", "dense_label", "deep", "reverse", "conv"}) {
    const auto path = std::filesystem::path(folder) / fmt::format("vsml_{}.h5", name);
    GoldenVsml exact(path, authors_network(name), reference_backend(DType::f64), DType::f64);
    GoldenVsml fast(path, authors_network(name), cpu_backend(), DType::f32);
    const std::vector<double> logits = exact.expected("/backward/logits");
    const std::vector<double> gradient = exact.expected("/backward/gradient");
    const GoldenVsml::Training in_double = exact.train_backward(), in_single = fast.train_backward();
    const double gradient_error = deviation(in_double.gradient, gradient) / largest(gradient);
    fmt::print("| {} | {:.2g} | {:.1e} | {:.1e} | {:.1e} | {:.1e} |\n", name, largest(logits),
               deviation(in_double.logits, logits), deviation(in_single.logits, logits), gradient_error,
               deviation(in_single.gradient, gradient) / largest(gradient));
    CHECK(deviation(in_double.logits, logits) <= 1e-10);
    CHECK(gradient_error <= 1e-10);
    CHECK(deviation(in_single.logits, logits) <= 1e-5 * std::max(1.0, largest(logits)));
  }
}
