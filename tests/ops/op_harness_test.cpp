// The harness itself: it must find what is broken.
#include "ops/op_harness.h"

#include "ops/add.h"
#include "ops/grad.h"

namespace srwm::test {
namespace {

const Body<Add> plain_f32 = reference::body_of(Tag<Add>{}, DType::f32);
const Body<Add> plain_f64 = reference::body_of(Tag<Add>{}, DType::f64);

OpCase<Add> add_case() {
  return {.name = "5x3", .op = always(Add{}), .in = {operand({5, 3}), operand({5, 3})}};
}

/// Failures of `add` with this forward or backward (nullptr: the right one) as its fast body.
std::string failures_with(void (*forward)(Context&, const Forward<Add>&),
                          void (*backward)(Context&, const Backward<Add>&)) {
  const OpBodies<Add> bodies{
      .fast = {forward == nullptr ? plain_f32.forward : forward, backward == nullptr ? plain_f32.backward : backward},
      .reference_f32 = plain_f32,
      .reference_f64 = plain_f64};
  std::string all;
  for (const std::string& failure : op_failures(add_case(), bodies)) all += failure + "\n";
  return all;
}

using Catch::Matchers::Contains;

TEST_CASE("the harness accepts correct bodies", "[harness]") {
  CHECK(failures_with(nullptr, nullptr).empty());
}

TEST_CASE("the harness finds wrong, unwritten, overrun and unrepeatable outputs", "[harness]") {
  const auto off_by_little = [](Context& context, const Forward<Add>& f) {
    plain_f32.forward(context, f);
    f.out[0].data<float>()[7] += 1e-3f;
  };
  CHECK_THAT(failures_with(off_by_little, nullptr),
             Contains("fast body, output 0: 1 of 15 elements are wrong; the worst, 7"));
  const auto unwritten = [](Context&, const Forward<Add>& f) {
    for (int i = 0; i < 14; ++i) f.out[0].data<float>()[i] = f.in[0].data<float>()[i] + f.in[1].data<float>()[i];
  };
  CHECK_THAT(failures_with(unwritten, nullptr), Contains("the worst, 14, is") && Contains("nan"));
  const auto overrun = [](Context& context, const Forward<Add>& f) {
    plain_f32.forward(context, f);
    f.out[0].data<float>()[15] = 0;
  };
  CHECK_THAT(failures_with(overrun, nullptr), Contains("output 0 was overrun"));
  const auto per_threads = [](Context& context, const Forward<Add>& f) {
    plain_f32.forward(context, f);
    f.out[0].data<float>()[0] *= 1 + 1e-7f * static_cast<float>(context.threads());
  };
  CHECK_THAT(failures_with(per_threads, nullptr), Contains("output 0 differs in its bits on 3 threads"));
  const auto writes_input = [](Context& context, const Forward<Add>& f) {
    plain_f32.forward(context, f);
    f.in[1].data<float>()[2] = 0;
  };
  CHECK_THAT(failures_with(writes_input, nullptr), Contains("input 1 was changed"));
}

TEST_CASE("the harness finds gradients that are wrong or written in the wrong way", "[harness]") {
  const auto always_overwrites = [](Context& context, const Backward<Add>& g) {
    Grads<2> grads = g.dL_din;
    for (Grad& grad : grads) {
      if (grad.wanted()) grad.mode = GradMode::overwrite;
    }
    plain_f32.backward(context, Backward<Add>{g.op, g.in, g.out, g.saved, g.dL_dout, grads});
  };
  CHECK_THAT(failures_with(nullptr, always_overwrites), Contains("accumulated gradient of input 0"));
  const auto always_accumulates = [](Context& context, const Backward<Add>& g) {
    Grads<2> grads = g.dL_din;
    for (Grad& grad : grads) {
      if (grad.wanted()) grad.mode = GradMode::accumulate;
    }
    plain_f32.backward(context, Backward<Add>{g.op, g.in, g.out, g.saved, g.dL_dout, grads});
  };
  CHECK_THAT(failures_with(nullptr, always_accumulates), Contains("fast body, gradient of input 0: 15 of 15"));
  const auto never_ignores = [](Context& context, const Backward<Add>& g) {
    Grads<2> grads = g.dL_din;
    for (Grad& grad : grads) {
      if (!grad.wanted() && grad.value) grad.mode = GradMode::overwrite;
    }
    plain_f32.backward(context, Backward<Add>{g.op, g.in, g.out, g.saved, g.dL_dout, grads});
  };
  CHECK_THAT(failures_with(nullptr, never_ignores), Contains("ignoring the gradient of input 1: it was written"));
}

TEST_CASE("the harness finds a reference whose gradient is not its derivative", "[harness]") {
  const auto one_percent_off = [](Context& context, const Backward<Add>& g) {
    plain_f64.backward(context, g);
    if (g.dL_din[0].mode == GradMode::overwrite) g.dL_din[0].value.data<double>()[3] *= 1.01;
  };
  const OpBodies<Add> bodies{
      .fast = plain_f32, .reference_f32 = plain_f32, .reference_f64 = {plain_f64.forward, one_percent_off}};
  std::string all;
  for (const std::string& failure : op_failures(add_case(), bodies)) all += failure + "\n";
  CHECK_THAT(all,
             Contains("gradient of input 0 against central differences: 1 of 15 elements are wrong; the worst, 3"));
}

}  // namespace
}  // namespace srwm::test
