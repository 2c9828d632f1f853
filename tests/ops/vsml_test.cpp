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
      vsml_case("several slices", with(network({dense(67, 9)}), [](Vsml& op) { op.layer_norm = true; }),
                {.episodes = 2, .steps = 2, .cells = 2}, 20),
      vsml_case("three components",
                with(one,
                     [](Vsml& op) {
                       op.message_size = 3;
                       op.layer_norm = op.feed_label = true;
                     }),
                {.steps = 4}, 21),
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
  const Vsml normed = with(network({dense(784, 10)}), [](Vsml& op) { op.layer_norm = true; });
  return {vsml_case("default", network({dense(784, 10)}), {.steps = 20}, 1),
          vsml_case("layer norm", normed, {.steps = 500}, 1),
          vsml_case("14x14", network({dense(196, 10)}), {.steps = 100}, 1)};
}

}  // namespace

#ifdef SRWM_TEST_CUDA
/// Those that the GPU has kernels for.
std::vector<OpCase<Vsml>> device_cases() {
  std::vector<OpCase<Vsml>> cases;
  for (const OpCase<Vsml>& test : vsml_cases()) {
    const Vsml op = test.op(DType::f32);
    if (op.depth() == 1 && op.cell_size == 16 && op.streams == 1) cases.push_back(test);
  }
  return cases;
}
SRWM_TEST_OP(Vsml, device_cases, vsml_speed_cases)
#else
SRWM_TEST_OP(Vsml, vsml_cases, vsml_speed_cases)
#endif

namespace {

using Run = OpRun<Vsml>;

/// Of one episode without labels missing.
Tensors<Vsml::inputs> inputs_of(const Vsml& op, std::int64_t steps, DType real = DType::f32) {
  return {normal_tensor({1, op.parameters()}, 0.4, 1, real),
          normal_tensor({op.streams, steps, op.layers[0].inputs()}, 1, 2, real),
          normal_tensor({1, op.cells()}, 0.3, 3, real)};
}

/// The op with labels for all steps, if it has none.
Vsml labelled(Vsml op, const Tensor& x) {
  if (!op.targets) op.targets = random_targets(op.streams, x.dim(1), op.top().out, false);
  return op;
}

/// A run whose forward pass is done.
struct DoneRun : Run {
  DoneRun(const Vsml& op_, const Tensors<Vsml::inputs>& in_, On on, DType real = DType::f32)
      : Run(labelled(op_, in_[Vsml::x]), in_, real, on) {
    forward();
  }
};

/// in[order[i]] becomes row i of an axis in the middle: [outer, axis, inner].
Tensor permuted(const Tensor& tensor, std::int64_t outer, std::int64_t inner, const std::vector<std::int64_t>& order) {
  const auto axis = static_cast<std::int64_t>(order.size());
  const Tensor result = Tensor::owning(tensor.shape(), tensor.dtype());
  for (std::int64_t o = 0; o < outer; ++o) {
    for (std::int64_t i = 0; i < axis; ++i) {
      std::copy_n(tensor.data<double>() + (o * axis + order[static_cast<std::size_t>(i)]) * inner, inner,
                  result.data<double>() + (o * axis + i) * inner);
    }
  }
  return result;
}

}  // namespace

TEST_CASE("Vsml: inputs in another order, with their cells, change nothing") {
  const Vsml op = network({dense(5, 3)});
  const Tensors<Vsml::inputs> in = inputs_of(op, 6, DType::f64);
  const std::vector<std::int64_t> order{3, 0, 4, 1, 2};
  DoneRun plain(op, in, Run::On::reference, DType::f64);
  DoneRun other(op, {in[0], permuted(in[1], 6, 1, order), permuted(in[2], 1, 3 * 16, order)}, Run::On::reference,
                DType::f64);
  CHECK(relative_error(other.out[Vsml::logits], plain.out[Vsml::logits]) <= 1e-13);
}

TEST_CASE("Vsml: outputs in another order, with cells and labels, permute the logits") {
  const Vsml op = network({dense(5, 3)});
  const Tensors<Vsml::inputs> in = inputs_of(op, 6, DType::f64);
  const std::vector<std::int64_t> order{2, 0, 1}, where{1, 2, 0};
  DoneRun plain(op, in, Run::On::reference, DType::f64);
  Vsml relabelled = op;
  relabelled.targets = Tensor::owning({1, 6}, DType::i32);
  for (std::int64_t t = 0; t < 6; ++t) {
    const auto label = static_cast<std::size_t>(plain.op.targets.data<std::int32_t>()[t]);
    relabelled.targets.data<std::int32_t>()[t] = static_cast<std::int32_t>(where[label]);
  }
  DoneRun other(relabelled, {in[0], in[1], permuted(in[2], 5, 16, order)}, Run::On::reference, DType::f64);
  CHECK(relative_error(other.out[Vsml::logits], permuted(plain.out[Vsml::logits], 6, 1, order)) <= 1e-13);
}

TEST_CASE("Vsml: parameters that one dense layer does not use get exactly zero gradients, all others do not") {
  for (const Run::On on : {Run::On::cpu, Run::On::reference}) {
    const Vsml op = network({dense(70, 3)});
    DoneRun run(op, inputs_of(op, 7), on);
    run.dL_dout[Vsml::loss] = normal_tensor({1}, 1, 4);
    run.backward();
    const VsmlOffsets at(op);
    std::int64_t live = 0;
    for (std::int64_t i = 0; i < op.parameters(); ++i) {
      const bool in_w = i < at.beta, w_f = i >= at.w_f && i < at.beta_f, beta_f = i >= at.beta_f && i < at.w_b;
      const std::int64_t row = i / 64;  // messages' components that are always zero
      const bool dead = (in_w && ((row > 0 && row < 8) || (row > 8 && row < 16))) || (w_f && (i - at.w_f) % 8 != 1) ||
                        (beta_f && i - at.beta_f != 1) || i >= at.w_b;
      if (!dead) ++live;
      INFO("parameter " << i);
      CHECK((run.dL_din[Vsml::theta].data<float>()[i] == 0) == dead);
    }
    CHECK(live == 1233);
  }
}

TEST_CASE("Vsml: a bound of 1e9 is none") {
  Vsml op = network({dense(5, 3)});
  op.bound = 0;
  const Tensors<Vsml::inputs> in = inputs_of(op, 6, DType::f64);
  DoneRun none(op, in, Run::On::reference, DType::f64);
  op.bound = 1e9;
  DoneRun wide(op, in, Run::On::reference, DType::f64);
  CHECK(relative_error(wide.out[Vsml::logits], none.out[Vsml::logits]) <= 1e-14);
}

TEST_CASE("Vsml: one sub-RNN with one micro tick is an LSTM on pixel and error, with gates shifted by 5") {
  Vsml op = network({dense(1, 1)});
  op.micro_ticks = 1;
  op.bound = 0;
  op.feed_label = true;
  const std::int64_t steps = 5, size = 16;
  const Tensors<Vsml::inputs> in = inputs_of(op, steps, DType::f64);
  DoneRun run(op, in, Run::On::reference, DType::f64);
  const double* theta = in[Vsml::theta].data<double>();
  const VsmlOffsets at(op);
  std::vector<double> h(size), c(in[Vsml::c_first].data<double>(), in[Vsml::c_first].data<double>() + size);
  // one class: its probability is 1 and the error 0; the label is 1 from the second step on
  for (std::int64_t t = 0; t < steps; ++t) {
    std::vector<double> z(4 * size);
    for (std::int64_t k = 0; k < 4 * size; ++k) {
      double& sum = z[static_cast<std::size_t>(k)];
      sum = theta[at.beta + k] + in[Vsml::x].data<double>()[t] * theta[k] + (t > 0 ? theta[9 * 64 + k] : 0);
      for (std::int64_t r = 0; r < size; ++r) sum += h[static_cast<std::size_t>(r)] * theta[(16 + r) * 64 + k];
    }
    const auto sigmoid = [](double value) { return 1 / (1 + std::exp(-value)); };
    double logit = theta[at.beta_f + 1];
    for (std::size_t r = 0; r < static_cast<std::size_t>(size); ++r) {
      c[r] = sigmoid(z[32 + r] + 5) * c[r] + sigmoid(z[r] - 5) * std::tanh(z[16 + r]);
      h[r] = sigmoid(z[48 + r]) * std::tanh(c[r]);
      logit += h[r] * theta[at.w_f + static_cast<std::int64_t>(r) * 8 + 1];
    }
    CHECK(run.out[Vsml::logits].data<double>()[t] == Approx(logit).epsilon(1e-13));
  }
}

TEST_CASE("Vsml: an episode in two calls that hand on the state is the episode in one") {
  for (const Run::On on : {Run::On::cpu, Run::On::reference}) {
    Vsml op = network({dense(20, 4), dense(4, 3)});
    op.feed_label = true;
    const std::int64_t steps = 9, cut = 5;
    const Tensors<Vsml::inputs> in = inputs_of(op, steps);
    DoneRun whole(op, in, on);
    const auto part = [&](std::int64_t begin, std::int64_t end, const Tensor& state) {
      Vsml piece = op;
      piece.state_first = state;
      piece.forward_only = true;
      piece.targets = whole.op.targets.reshaped({steps, 1}).rows(begin, end).reshaped({1, end - begin});
      return DoneRun(piece, {in[0], in[1].reshaped({steps, 20}).rows(begin, end).reshaped({1, end - begin, 20}), in[2]},
                     on);
    };
    DoneRun head = part(0, cut, {}), tail = part(cut, steps, head.out[Vsml::state_last]);
    CHECK(relative_error(tail.out[Vsml::state_last], whole.out[Vsml::state_last]) == 0);
    const Tensor logits = whole.out[Vsml::logits].reshaped({steps, 3});
    CHECK(relative_error(head.out[Vsml::logits], logits.rows(0, cut).reshaped({1, cut, 3})) == 0);
    CHECK(relative_error(tail.out[Vsml::logits], logits.rows(cut, steps).reshaped({1, steps - cut, 3})) == 0);
  }
}

TEST_CASE("Vsml: what does not fit is refused by name") {
  const auto message = [&](auto change) {
    Vsml op = network({dense(5, 3)});
    Tensors<Vsml::inputs> in = inputs_of(op, 4);
    op.targets = random_targets(1, 4, 3, false);
    change(op, in);
    try {
      op.plan(in);
    } catch (const ShapeError& error) {
      return std::string(error.what());
    }
    return std::string("accepted");
  };
  CHECK(message([](Vsml&, auto&) {}) == "accepted");
  CHECK(message([](Vsml& op, auto&) { op.layers[0].out = 0; }) ==
        "vsml: layers is an empty list, expected at least one layer.");
  CHECK(message([](Vsml& op, auto&) { op.layers[1] = dense(4, 2); }) ==
        "vsml: layer 2 is one of 4 inputs, expected the 1 x 1 x 3 outputs of the layer below.");
  CHECK(message([](Vsml& op, auto&) { op.layers[0] = convolution(5, 1, 1, 3, 1); }) ==
        "vsml: the last layer is a convolution, expected a dense one.");
  CHECK(message([](Vsml& op, auto&) { op.output_index = 8; }) ==
        "vsml: output_index is 8, expected the number of a component of a message.");
  CHECK(message([](Vsml& op, auto&) { op.layer_norm = true; }) ==
        "vsml: theta is f32 [1, 2384], expected f32 [1, 2416].");
  CHECK(message([](Vsml& op, auto&) { op.streams = 2; }) ==
        "vsml: x is 1 sequences, expected a multiple of 2 sequences, one per stream.");
  CHECK(message([](Vsml&, auto& in) {
          in[Vsml::x] = Tensor::owning({3, 4, 5}, DType::f32);
          in[Vsml::theta] = Tensor::owning({2, 2384}, DType::f32);
        }) == "vsml: targets is i32 [1, 4], expected i32 [3, 4].");
}
