#include "ops/vsml.h"

#include <cmath>

#include "ops/op_harness.h"
#include "ops/op_run.h"

using namespace srwm;
using namespace srwm::test;

namespace {

struct Sizes {
  std::int64_t episodes = 1, steps = 3;
  std::int64_t runs_per_episode = 1;  ///< each with its theta; 0: one theta for all
  std::int64_t cells = 1;             ///< initial states; 0: none
};

VsmlLayer dense(std::int64_t in, std::int64_t out) {
  return {.in = in, .out = out, .height = 0, .width = 0, .stride = 1};
}
VsmlLayer convolution(std::int64_t height, std::int64_t width, std::int64_t in, std::int64_t out, std::int64_t stride) {
  return {.in = in, .out = out, .height = height, .width = width, .stride = stride};
}

Vsml network(std::initializer_list<VsmlLayer> layers) {
  Vsml op;
  std::copy(layers.begin(), layers.end(), op.layers.begin());
  return op;
}

Tensor random_targets(std::int64_t sequences, std::int64_t steps, std::int64_t classes, bool some_without) {
  const Tensor targets = Tensor::owning({sequences, steps}, DType::i32);
  RandomSequence random(5, Stream::init, 9);
  for (std::int32_t& target : targets.span<std::int32_t>()) {
    target = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(classes + (some_without ? 1 : 0))));
    if (target == classes) target = -1;
  }
  return targets;
}

OpCase<Vsml> vsml_case(const std::string& what, Vsml op, Sizes s, std::uint64_t seed, bool some_without = false) {
  const std::int64_t sequences = s.episodes * op.streams;
  op.targets = random_targets(sequences, s.steps, op.top().out, some_without);
  std::string name = what;
  for (int l = 0; l < op.depth(); ++l) {
    const VsmlLayer& layer = op.layers[static_cast<std::size_t>(l)];
    name += fmt::format(", {} -> {}", layer.inputs(), layer.outputs());
  }
  name += fmt::format(", M {} S {} tau {} K {}, E {} T {}, {} per episode", op.message_size, op.cell_size,
                      op.micro_ticks, op.streams, s.episodes, s.steps, s.runs_per_episode);
  const std::int64_t groups = s.runs_per_episode == 0 ? 1 : s.episodes * s.runs_per_episode;
  Operand theta = operand({groups, op.parameters()}, normal(0, 0.5));
  theta.least_scale = 0.1;  // a shift of all logits alike: terms of this size cancel
  return {.name = name,
          .op = always(op),
          .in = {theta, operand({sequences, s.steps, op.layers[0].inputs()}),
                 s.cells > 0 ? operand({s.cells, op.cells()}) : absent()},
          .seed = seed,
          .terms = op.cells() * s.steps * s.episodes,
          .amplification = op.depth() > 1 ? 4.0 : 1.0,  // a layer's errors go through the recurrence of the next
          .differentiable = {true, true, false}};
}

Vsml with(Vsml op, const std::function<void(Vsml&)>& change) {
  change(op);
  return op;
}

std::vector<OpCase<Vsml>> vsml_cases() {
  const Vsml one = network({dense(5, 3)}), two = network({dense(4, 3), dense(3, 2)});
  return {
      vsml_case("one layer", one, {}, 1),
      vsml_case("members", one, {.episodes = 2, .steps = 4, .runs_per_episode = 2, .cells = 2}, 2),
      vsml_case("some unlabelled", one, {.episodes = 3, .steps = 5, .runs_per_episode = 0, .cells = 3}, 3, true),
      vsml_case("last step", with(one, [](Vsml& op) { op.last_step = true; }), {.steps = 4, .cells = 0}, 4),
      vsml_case("fed label, layer norm", with(one, [](Vsml& op) { op.feed_label = op.layer_norm = true; }), {}, 5),
      vsml_case("sums", with(one, [](Vsml& op) { op.sum_messages = true; }), {}, 6),
      vsml_case("no bound", with(one, [](Vsml& op) { op.bound = 0; }), {.steps = 2}, 7),
      vsml_case("small bound", with(one, [](Vsml& op) { op.bound = 0.1; }), {.steps = 2}, 8),
      vsml_case("odd sizes",
                with(one,
                     [](Vsml& op) {
                       op.message_size = 3;
                       op.cell_size = 5;
                       op.micro_ticks = 1;
                       op.output_index = 2;
                     }),
                {.episodes = 2, .steps = 10, .cells = 1}, 9),
      vsml_case("17 cells",
                with(one,
                     [](Vsml& op) {
                       op.cell_size = 17;
                       op.micro_ticks = 3;
                     }),
                {}, 10),
      vsml_case("streams", with(one, [](Vsml& op) { op.streams = 3; }), {.episodes = 2, .steps = 4, .cells = 2}, 11),
      vsml_case("two layers", two, {.steps = 5}, 12),
      vsml_case("two layers, all on",
                with(two,
                     [](Vsml& op) {
                       op.layer_norm = op.feed_label = op.layerwise = true;
                       op.streams = 2;
                     }),
                {.steps = 4}, 13),
      vsml_case("reverse tick", with(two, [](Vsml& op) { op.reverse_tick = true; }), {.steps = 4}, 14),
      vsml_case("separate reverse tick",
                with(network({dense(3, 4), dense(4, 2), dense(2, 3)}),
                     [](Vsml& op) {
                       op.reverse_tick = op.separate_reverse = op.layerwise = true;
                       op.feed_label = true;
                     }),
                {.steps = 5}, 15),
      vsml_case("convolution", network({convolution(3, 4, 2, 2, 1), dense(24, 2)}), {}, 16),
      vsml_case("convolutions with stride, all on",
                with(network({convolution(5, 4, 1, 2, 2), convolution(3, 2, 2, 1, 2), dense(2, 3)}),
                     [](Vsml& op) { op.layer_norm = op.feed_label = true; }),
                {}, 17),
      vsml_case("convolutions, reverse tick",
                with(network({convolution(4, 5, 1, 2, 2), convolution(2, 3, 2, 2, 1), dense(12, 2)}),
                     [](Vsml& op) { op.reverse_tick = true; }),
                {}, 18),
      vsml_case("convolutions, published mask",
                with(network({convolution(4, 5, 1, 2, 2), convolution(2, 3, 2, 2, 2), dense(4, 2)}),
                     [](Vsml& op) { op.reverse_tick = op.published_conv_mask = true; }),
                {}, 19),
  };
}

std::vector<OpCase<Vsml>> vsml_speed_cases() {
  return {vsml_case("default", network({dense(784, 10)}), {.steps = 20}, 1),
          vsml_case("14x14", network({dense(196, 10)}), {.steps = 100}, 1)};
}

}  // namespace

#ifdef SRWM_TEST_CUDA
[[maybe_unused]] const auto no_kernels_yet = std::pair(&vsml_cases, &vsml_speed_cases);
#else
SRWM_TEST_OP(Vsml, vsml_cases, vsml_speed_cases)
#endif
