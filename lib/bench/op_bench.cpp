#include "bench/op_bench.h"

#include "autograd/tape.h"
#include "core/rng.h"

namespace srwm {
namespace {

constexpr std::int64_t images_per_episode = 6, hidden = 256, heads = 16, head_size = hidden / heads, n_way = 5;

class OpBench {
 public:
  OpBench(Context& context, double seconds) : context_(context), seconds_(seconds) {}

  /// Times `op` on normally distributed inputs (scaled) of these shapes; an empty shape stands for an absent input.
  /// `flops`: of the forward pass.
  template <typename Op>
  void run(const std::string& name, const Op& op, const std::array<Shape, std::size_t{Op::inputs}>& shapes,
           double flops, double scale = 0.5) {
    Tensors<Op::inputs> inputs;
    for (std::size_t i = 0; i < shapes.size(); ++i) {
      if (shapes[i].rank() > 0) inputs[i] = random(shapes[i], scale);
    }
    double forward = 0, backward = 0;
    std::vector<double> forward_times, backward_times;
    const Timing both = time_repeatedly(seconds_, [&] {
      context_.rewind();
      Tape tape(context_);
      Variables<Op::inputs> variables;
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        if (!inputs[i].absent()) variables[i] = tape.leaf(inputs[i]);
      }
      const double start = now_seconds();
      const auto out = tape.apply(op, variables);
      const double middle = now_seconds();
      tape.backward(std::array{out[0]}, std::array{gradient(out[0].shape())});
      forward += middle - start;
      backward += now_seconds() - middle;
    });
    const auto calls = static_cast<double>(both.calls + 1);
    add(name + " forward", forward / calls, both.calls, flops);
    add(name + " backward", backward / calls, both.calls, 2 * flops);
  }

  std::vector<BenchResult> results;

 private:
  void add(const std::string& name, double mean, std::int64_t calls, double flops) {
    results.push_back({.name = name, .timing = {mean, mean, calls}, .flops = flops});
  }

  Tensor random(const Shape& shape, double scale) {
    Tensor tensor = Tensor::owning(shape, DType::f32);
    RandomSequence numbers(1, Stream::init, counter_++);
    for (float& value : tensor.span<float>()) value = static_cast<float>(scale * numbers.normal());
    return tensor;
  }

  Tensor gradient(const Shape& shape) {
    if (gradient_.absent() || gradient_.numel() != shape.numel()) gradient_ = random(shape, 1);
    return gradient_.reshaped(shape);
  }

  Context& context_;
  double seconds_;
  std::uint32_t counter_ = 0;
  Tensor gradient_;
};

void conv_blocks(OpBench& bench, std::int64_t images) {
  std::int64_t size = 28, in = 1;
  constexpr std::int64_t out = 64;
  for (int i = 0; i < 4; ++i) {
    ConvBlock op;
    op.state.running_mean = Tensor::owning({out}, DType::f32);
    op.state.running_var = Tensor::owning({out}, DType::f32);
    bench.run(fmt::format("conv_block {}x{}x{}x{}->{}", images, size, size, in, out), op,
              {Shape{images, size, size, in}, Shape{out, in, 3, 3}, Shape{out}, Shape{out}, Shape{out}},
              2.0 * 9 * static_cast<double>(images * size * size * in * out));
    in = out;
    size /= 2;
  }
}

void linears(OpBench& bench, std::int64_t rows) {
  const std::pair<std::int64_t, std::int64_t> sizes[] = {
      {69, hidden}, {hidden, hidden}, {hidden, 4 * hidden}, {4 * hidden, hidden}};
  for (const auto& [in, out] : sizes) {
    bench.run(fmt::format("linear {}x{}->{}", rows, in, out), Linear{}, {Shape{rows, in}, Shape{out, in}, Shape{out}},
              2.0 * static_cast<double>(rows * in * out));
  }
  bench.run(fmt::format("layer_norm {}x{}", rows, hidden), LayerNorm{},
            {Shape{rows, hidden}, Shape{hidden}, Shape{hidden}}, 0);
}

void sequence_ops(OpBench& bench, std::int64_t episodes) {
  constexpr std::int64_t t = images_per_episode, rows = 3 * head_size + 4, feature = 64 + n_way;
  const auto positions = static_cast<double>(episodes * t);
  bench.run(fmt::format("srwm B{} T{} H{} d{}", episodes, t, heads, head_size), Srwm{},
            {Shape{episodes, t, hidden}, Shape{1, heads, head_size, rows}, Shape{}}, positions * 6 * hidden * rows,
            0.25);
  bench.run(fmt::format("delta_net B{} T{} H{} d{}", episodes, t, heads, head_size), DeltaNet{.heads = heads},
            {Shape{episodes, t, heads * (3 * head_size + 1)}, Shape{}}, positions * 6 * hidden * head_size);
  bench.run(fmt::format("lstm B{} T{} I{} H{}", episodes, t, feature, hidden), Lstm{},
            {Shape{episodes, t, feature}, Shape{4 * hidden, feature}, Shape{4 * hidden, hidden}, Shape{4 * hidden},
             Shape{4 * hidden}, Shape{}, Shape{}},
            positions * 8 * hidden * (feature + hidden), 0.1);
}

}  // namespace

std::vector<BenchResult> bench_ops(Context& context, std::int64_t episodes, double seconds) {
  OpBench bench(context, seconds / 12);
  conv_blocks(bench, episodes * images_per_episode);
  linears(bench, episodes * images_per_episode);
  sequence_ops(bench, episodes);
  return std::move(bench.results);
}

}  // namespace srwm
