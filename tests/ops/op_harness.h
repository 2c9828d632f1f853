// Describe an op's test once, get all of its checks. In tests/ops/<op>_test.cpp:
//
//   std::vector<OpCase<Linear>> linear_cases() {
//     return {{.name = "5x7 -> 3", .op = always(Linear{}), .in = {operand({5, 7}), operand({3, 7}), operand({3})},
//              .seed = 1, .terms = 7}};
//   }
//   SRWM_TEST_OP(Linear, linear_cases, linear_speed_cases)
//
// For each case:
// - the fast body and the reference implementation in float32 agree with the reference in double: outputs, gradients,
// state;
// - the reference's gradients in double agree with central differences, for a random cotangent on all outputs;
// - gradients are overwritten, accumulated and left alone as asked, with every output's cotangent and with one alone;
// - the fast body gives the same bits on 1, 2 and 3 threads and when run again;
// - every element of an output is written (memory is poisoned before), nothing beyond it is, and inputs stay as they
// are. The hidden tag [.speed] prints the times of the fast body for the speed cases, best of several runs.
#pragma once

#include <array>
#include <functional>
#include <string>
#include <utility>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "ops/backend.h"
#include "ops/op.h"

namespace srwm::test {

/// Draws one value of an operand.
using Draw = std::function<double(RandomSequence&)>;

Draw normal(double mean = 0, double deviation = 1);
Draw uniform(double low, double high);
/// Uniform in [-high, -low] and [low, high]: for ops with a kink at 0.
Draw away_from_zero(double low, double high);

/// A differentiable input of a case. Values are rounded to float, so that all bodies get the same ones.
struct Operand {
  Shape shape;
  Draw draw;
  bool present = true;
  bool gradient = true;  ///< its gradient is computed
  /// Gradients are compared relative to this size at least. Needed where the true gradient is zero and the terms that
  /// cancel have this size.
  double least_scale = 0;
};

inline Operand operand(Shape shape, Draw draw = normal()) {
  return {.shape = shape, .draw = std::move(draw)};
}
inline Operand without_gradient(Operand operand) {
  operand.gradient = false;
  return operand;
}
/// An optional input that is left out.
inline Operand absent() {
  return {.shape = {}, .draw = {}, .present = false, .gradient = false};
}

template <std::size_t N>
constexpr std::array<bool, N> all_true() {
  std::array<bool, N> result{};
  result.fill(true);
  return result;
}

template <typename Op>
struct OpCase {
  std::string name;                  ///< sizes and options; op and seed are added where it is printed
  std::function<Op(DType real)> op;  ///< makes the op, with its own state tensors if it has any
  std::array<Operand, static_cast<std::size_t>(Op::inputs)> in;
  std::uint64_t seed = 1;
  std::int64_t terms = 1;    ///< length of the longest sum, forward or backward
  double amplification = 1;  ///< factor on the tolerance where errors grow on the way; give a reason
  std::array<bool, static_cast<std::size_t>(Op::outputs)> differentiable =
      all_true<static_cast<std::size_t>(Op::outputs)>();
  /// Tensors that forward updates besides its outputs (running statistics); may be empty.
  std::function<std::vector<Tensor>(const Op&)> state = {};

  std::string title() const { return std::string(Op::name) + " " + name + " seed " + std::to_string(seed); }
};

/// An op without state tensors is the same for every type and run.
template <typename Op>
std::function<Op(DType)> always(Op op) {
  return [op](DType) { return op; };
}

/// i32 tensor of uniform draws from [0, bound): labels, targets.
Tensor random_labels(Shape shape, std::int64_t bound, std::uint64_t seed);
/// u8 tensor, 1 with this probability: reset masks.
Tensor random_mask(Shape shape, double probability, std::uint64_t seed);

/// Host memory without any op: for a Context whose bodies are called directly.
Backend bodiless_backend();

/// The bodies that a case is run on.
template <typename Op>
struct OpBodies {
  Body<Op> fast = cpu_backend().body<Op>();
  Body<Op> reference_f32 = reference::body_of(Tag<Op>{}, DType::f32);
  Body<Op> reference_f64 = reference::body_of(Tag<Op>{}, DType::f64);
};

/// Runs all checks; one sentence per failure.
template <typename Op>
std::vector<std::string> op_failures(const OpCase<Op>& test, const OpBodies<Op>& bodies = {});

/// Prints the times of the fast body, forward and backward with all gradients, on one thread and on two.
template <typename Op>
void time_op(const OpCase<Op>& test);

template <typename Op>
void check_op(const OpCase<Op>& test) {
  const std::vector<std::string> failures = op_failures(test);
  for (const std::string& failure : failures) FAIL_CHECK(test.title() << ": " << failure);
  CHECK(failures.empty());
}

/// Notes that an op has cases here, and gives the names noted so far.
bool cover_op(const char* name);
const std::vector<std::string>& covered_ops();

// Compiled with SRWM_TEST_CUDA, the same cases check the CUDA body instead.
#ifdef SRWM_TEST_CUDA
#define SRWM_TEST_OP(Op, cases, speed_cases)                                          \
  [[maybe_unused]] const auto timed_##Op = &speed_cases;                              \
  TEST_CASE(#Op ": CUDA body", "[cuda]") {                                            \
    for (const auto& test : cases()) ::srwm::test::check_device_op<::srwm::Op>(test); \
  }
#else
#define SRWM_TEST_OP(Op, cases, speed_cases)                                        \
  const bool covered_##Op = ::srwm::test::cover_op(::srwm::Op::name);               \
  TEST_CASE(#Op ": bodies, gradients, threads", "[ops]") {                          \
    for (const auto& test : cases()) ::srwm::test::check_op<::srwm::Op>(test);      \
  }                                                                                 \
  TEST_CASE(#Op ": speed", "[.speed]") {                                            \
    for (const auto& test : speed_cases()) ::srwm::test::time_op<::srwm::Op>(test); \
  }
#endif

}  // namespace srwm::test

#include "ops/op_harness_impl.h"
#ifdef SRWM_TEST_CUDA
#include "ops/device_body.h"
#endif
