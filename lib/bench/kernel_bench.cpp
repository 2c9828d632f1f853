#include "bench/kernel_bench.h"

#include <algorithm>
#include <functional>

#include <fmt/core.h>

#include "bench/op_runner.h"
#include "bench/peak_kernels.h"
#include "core/parallel.h"
#include "ops/add.h"
#include "ops/batch_norm.h"
#include "ops/channel_dropout.h"
#include "ops/conv3x3.h"
#include "ops/conv_block.h"
#include "ops/delta_net.h"
#include "ops/dropout.h"
#include "ops/global_avg_pool.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/linear_attention.h"
#include "ops/lstm.h"
#include "ops/max_pool2x2.h"
#include "ops/relu.h"
#include "ops/softmax_attention.h"
#include "ops/srwm.h"
#include "ops/vsml.h"

namespace srwm {
namespace {

constexpr std::int64_t n_way = 5;

/// Collects what is to be measured first, so that the time can be shared out.
class Bench {
 public:
  Bench(Context& context, std::int64_t scale) : context_(context), scale_(scale) {}

  bool on_gpu() const { return context_.device().kind == Device::Kind::cuda; }
  /// A batch of `full`, made smaller for tests.
  std::int64_t batch(std::int64_t full) const { return std::max<std::int64_t>(1, full / scale_); }
  Context& context() { return context_; }

  struct Options {
    double flops = 0;            ///< of the forward pass; each gradient of an input takes as many
    double scale = 0.5;          ///< of the inputs
    bool first_gradient = true;  ///< that of the first input is computed
    Precision precision = Precision::fp32;
  };

  template <typename Op>
  void add(std::string name, const Op& op, const typename OpRunner<Op>::Shapes& shapes, const Options& options) {
    measurements_.push_back([=, this, name = std::move(name)](double seconds) {
      context_.set_precision(options.precision);
      OpRunner<Op> runner(context_, op, shapes, options.scale, options.first_gradient);
      const Timing forward = time_on_device(context_, seconds / 2, [&] { runner.forward(); });
      results_.push_back({.name = name + " forward",
                          .timing = forward,
                          .flops = options.flops,
                          .bytes = runner.forward_bytes(),
                          .precision = options.precision});
      const Timing backward = time_on_device(context_, seconds / 2, [&] { runner.backward(); });
      results_.push_back({.name = name + " backward",
                          .timing = backward,
                          .flops = (options.first_gradient ? 2 : 1) * options.flops,
                          .bytes = runner.backward_bytes(),
                          .precision = options.precision});
    });
  }

  /// The same in every precision of the device, named at the end.
  template <typename Op>
  void add_in_precisions(const std::string& name, const Op& op, const typename OpRunner<Op>::Shapes& shapes,
                         Options options) {
    if (!on_gpu()) return add(name, op, shapes, options);
    for (const Precision precision : all_precisions) {
      options.precision = precision;
      add(fmt::format("{} {}", name, name_of(precision)), op, shapes, options);
    }
  }

  /// Something else than an op, on the host.
  void add_work(std::string name, double items, std::string item, std::function<void()> work) {
    measurements_.emplace_back(
        [=, this, name = std::move(name), item = std::move(item), work = std::move(work)](double seconds) {
          results_.push_back({.name = name, .timing = time_repeatedly(seconds, work), .items = items, .item = item});
        });
  }

  std::vector<BenchResult> run(double seconds) {
    const Precision before = context_.precision();
    for (const auto& measure : measurements_) measure(seconds / static_cast<double>(measurements_.size()));
    context_.set_precision(before);
    return std::move(results_);
  }

 private:
  Context& context_;
  std::int64_t scale_;
  std::vector<std::function<void(double seconds)>> measurements_;
  std::vector<BenchResult> results_;
};

struct Sequence {
  std::int64_t batch, heads, d, steps;
};

/// Three products of the matrix [rows, d] with a vector per step: reading, retrieving, rewriting.
double fast_weight_flops(const Sequence& s, std::int64_t rows) {
  return 6 * static_cast<double>(s.batch * s.steps * s.heads * s.d * rows);
}

void fast_weights(Bench& bench, const Sequence& s) {
  const std::string sizes = fmt::format("B{} H{} d{} T{}", s.batch, s.heads, s.d, s.steps);
  const std::int64_t rows = 3 * s.d + 4, hidden = s.heads * s.d;
  bench.add("srwm " + sizes, Srwm{}, {Shape{s.batch, s.steps, hidden}, Shape{1, s.heads, s.d, rows}, Shape{}},
            {.flops = fast_weight_flops(s, rows), .scale = 0.25});
  bench.add("delta_net " + sizes, DeltaNet{.heads = s.heads},
            {Shape{s.batch, s.steps, s.heads * (3 * s.d + 1)}, Shape{}}, {.flops = fast_weight_flops(s, s.d)});
}

/// The neighbours: the additive rule reads and writes, attention compares each step with those up to it and mixes.
void attention(Bench& bench, const Sequence& s) {
  const std::string sizes = fmt::format("B{} H{} d{} T{}", s.batch, s.heads, s.d, s.steps);
  const Shape projected{s.batch, s.steps, 3 * s.heads * s.d};
  const auto steps = static_cast<double>(s.batch * s.steps * s.heads * s.d);
  bench.add("linear_attention " + sizes, LinearAttention{.heads = s.heads}, {projected, Shape{}},
            {.flops = 4 * steps * static_cast<double>(s.d)});
  bench.add("softmax_attention " + sizes, SoftmaxAttention{.heads = s.heads}, {projected, Shape{}},
            {.flops = 2 * steps * static_cast<double>(s.steps + 1)});
}

void all_fast_weights(Bench& bench) {
  for (const auto& [batch, heads] : {std::pair{128, 16}, std::pair{32, 8}}) {
    for (const std::int64_t d : {16, 32, 64}) {
      for (const std::int64_t steps : {6, 26, 51, 150}) {
        const bool quick = steps == 6 || (d == 16 && steps == 26);
        const Sequence sequence{bench.batch(batch), heads, d, steps};
        if (bench.on_gpu() || quick) fast_weights(bench, sequence);
        if (bench.on_gpu() ? d == 16 : steps == 6 && d == 16) attention(bench, sequence);
      }
    }
  }
}

/// Steps of one dense layer of sub-RNNs. Per sub-RNN and micro tick 1,088 multiply-adds, and 80 sigmoids and hyperbolic
/// tangents, which are measured alone for as many sub-RNN ticks: the two together are what a step cannot be faster
/// than.
void vsml(Bench& bench, std::int64_t inputs, std::int64_t outputs, std::int64_t steps, bool layer_norm) {
  const std::int64_t runs = bench.on_gpu() ? bench.batch(256) : bench.batch(2), threads = bench.context().threads();
  Vsml op;
  op.layers[0] = {.in = inputs, .out = outputs};
  op.layer_norm = layer_norm;
  op.targets = bench.context().persistent({runs, steps}, DType::i32);
  const std::string sizes = fmt::format("B{} T{} {}->{}{}", runs, steps, inputs, outputs, layer_norm ? " norm" : "");
  const std::int64_t ticks = runs * steps * inputs * outputs * op.micro_ticks;
  bench.add("vsml " + sizes, op, {Shape{1, op.parameters()}, Shape{runs, steps, inputs}, Shape{runs, op.cells()}},
            {.flops = 2176 * static_cast<double>(ticks), .scale = 0.25});
  if (bench.on_gpu()) return;
  bench.add_work("vsml gates alone " + sizes, 80 * static_cast<double>(ticks), "functions", [=] {
    parallel_for(static_cast<int>(threads), threads, [&](std::int64_t i) {
      float sink = 0;
      cpu::peak_kernels().gates(ticks * (i + 1) / threads - ticks * i / threads, &sink);
    });
  });
}

void lstm(Bench& bench, std::int64_t batch, std::int64_t steps, std::int64_t width, std::int64_t hidden) {
  bench.add(fmt::format("lstm B{} T{} I{} H{}", batch, steps, width, hidden), Lstm{},
            {Shape{batch, steps, width}, Shape{4 * hidden, width}, Shape{4 * hidden, hidden}, Shape{4 * hidden},
             Shape{4 * hidden}, Shape{}, Shape{}},
            {.flops = static_cast<double>(8 * batch * steps * hidden * (width + hidden)), .scale = 0.1});
}

/// The four blocks of Conv-4.
void conv4(Bench& bench, std::int64_t images, std::int64_t size, std::int64_t channels, std::int64_t out) {
  std::int64_t in = channels;
  for (int i = 0; i < 4; ++i, in = out, size /= 2) {
    ConvBlock op;
    op.state.running_mean = bench.context().persistent({out}, DType::f32);
    op.state.running_var = bench.context().persistent({out}, DType::f32);
    bench.add_in_precisions(
        fmt::format("conv_block {}x{}x{}x{}->{}", images, size, size, in, out), op,
        {Shape{images, size, size, in}, Shape{out, in, 3, 3}, Shape{out}, Shape{out}, Shape{out}},
        {.flops = static_cast<double>(18 * images * size * size * in * out), .first_gradient = i > 0});
  }
}

/// A block of Res-12: its convolutions, its shortcut, and what stands between them.
void res12_block(Bench& bench, std::int64_t images, std::int64_t size, std::int64_t in, std::int64_t out) {
  const std::int64_t pixels = images * size * size;
  const auto on = [&](std::int64_t channels) { return Shape{images, size, size, channels}; };
  const auto image = [&](std::int64_t channels) { return fmt::format("{}x{}x{}x{}", images, size, size, channels); };
  for (const std::int64_t from : {in, out}) {
    bench.add_in_precisions(fmt::format("conv3x3 {}->{}", image(from), out), Conv3x3{},
                            {on(from), Shape{out, from, 3, 3}, Shape{}},
                            {.flops = static_cast<double>(18 * pixels * from * out), .first_gradient = from != 3});
  }
  bench.add_in_precisions(fmt::format("linear {}x{}->{}", pixels, in, out), Linear{},
                          {Shape{pixels, in}, Shape{out, in}, Shape{}},
                          {.flops = static_cast<double>(2 * pixels * in * out), .first_gradient = in != 3});
  BatchNorm norm{.state = {}, .slope = 0.1};
  norm.state.running_mean = bench.context().persistent({out}, DType::f32);
  norm.state.running_var = bench.context().persistent({out}, DType::f32);
  bench.add("batch_norm " + image(out), norm, {on(out), Shape{out}, Shape{out}, on(out)}, {});
  bench.add("max_pool2x2 " + image(out), MaxPool2x2{}, {on(out)}, {});
}

void res12(Bench& bench, std::int64_t images, std::int64_t size) {
  std::int64_t in = 3;
  for (const std::int64_t out : {64, 96, 128, 256}) {
    res12_block(bench, images, size, in, out);
    in = out;
    size /= 2;
  }
  bench.add(fmt::format("channel_dropout {}x{}x{}x{}", images, size, size, in), ChannelDropout{.p = 0.1},
            {Shape{images, size, size, in}}, {});
  bench.add(fmt::format("global_avg_pool {}x{}x{}x{}", images, size, size, in), GlobalAvgPool{},
            {Shape{images, size, size, in}}, {});
}

/// What stands around a fast-weight layer of `hidden` numbers.
void layers(Bench& bench, std::int64_t rows, std::int64_t features, std::int64_t hidden) {
  const std::pair<std::int64_t, std::int64_t> sizes[] = {
      {features + n_way, hidden}, {hidden, hidden}, {hidden, 4 * hidden}, {4 * hidden, hidden}};
  for (const auto& [in, out] : sizes) {
    bench.add_in_precisions(fmt::format("linear {}x{}->{}", rows, in, out), Linear{},
                            {Shape{rows, in}, Shape{out, in}, Shape{out}},
                            {.flops = static_cast<double>(2 * rows * in * out)});
  }
  bench.add(fmt::format("layer_norm {}x{}", rows, hidden), LayerNorm{},
            {Shape{rows, hidden}, Shape{hidden}, Shape{hidden}}, {});
  bench.add(fmt::format("relu {}x{}", rows, 4 * hidden), Relu{}, {Shape{rows, 4 * hidden}}, {});
  bench.add(fmt::format("dropout {}x{}", rows, 4 * hidden), Dropout{.p = 0.1}, {Shape{rows, 4 * hidden}}, {});
  bench.add(fmt::format("add {}x{}", rows, hidden), Add{}, {Shape{rows, hidden}, Shape{rows, hidden}}, {});
}

}  // namespace

std::vector<BenchResult> bench_kernels(Context& context, double seconds, std::int64_t scale) {
  Bench bench(context, scale);
  all_fast_weights(bench);
  lstm(bench, bench.batch(128), 6, 64 + n_way, 256);
  vsml(bench, bench.batch(784), 10, 16, false);
  vsml(bench, bench.batch(784), 10, 16, true);
  conv4(bench, bench.batch(768), 28, 1, 64);  // Omniglot, 128 episodes of 6 images
  layers(bench, bench.batch(768), 64, 256);
  if (bench.on_gpu()) {
    conv4(bench, bench.batch(416), 84, 3, 32);  // Mini-ImageNet 5-shot, 16 episodes of 26 images
    lstm(bench, bench.batch(16), 26, 800 + n_way, 1024);
  }
  res12(bench, bench.on_gpu() ? bench.batch(416) : bench.batch(8), 84);
  return bench.run(seconds);
}

}  // namespace srwm
