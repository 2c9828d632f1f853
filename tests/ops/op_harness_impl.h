// The checks behind op_harness.h.
#pragma once

#include <algorithm>
#include <memory>

#include "ops/op_harness.h"
#include "ops/tolerance.h"

namespace srwm::test {

/// Bytes on either side of a guarded tensor; keeps the alignment that device memory has.
constexpr std::size_t guard_zone = 256;
/// Poisoned host tensor between guard zones: every byte is 0xFF (NaN as a real) until something is written.
Tensor guarded(Shape shape, DType dtype);
/// Whether the zones around a tensor made by `guarded` are as they were.
bool guards_intact(const Tensor& tensor);
bool poisoned(const Tensor& tensor);
bool same_bits(const Tensor& a, const Tensor& b);

double element(const Tensor& tensor, std::int64_t i);
void set_element(const Tensor& tensor, std::int64_t i, double value);
/// Fills with draws that are rounded to float, a function of (seed, index).
void fill(const Tensor& tensor, const Draw& draw, std::uint64_t seed, std::uint32_t index);
/// Elementwise sum, in double.
Tensor sum(const Tensor& a, const Tensor& b);
/// Makes every byte of step memory that comes next a poisoned one.
void poison_step_memory(Context& context);

/// Collects what is wrong with a case.
class Report {
 public:
  void require(bool condition, const std::string& what);
  /// |found - expected| <= tolerance max(|expected|, rms of expected, least_scale) for each element; NaN never is.
  void close(const std::string& what, const Tensor& found, const Tensor& expected, double tolerance,
             double least_scale = 0);
  std::vector<std::string> failures;
};

/// One op on one body with memory under guard.
template <typename Op>
class Execution {
 public:
  using Modes = std::array<GradMode, static_cast<std::size_t>(Op::inputs)>;

  Execution(const OpCase<Op>& test, const Body<Op>& body, DType real, int threads)
      : test_(test), body_(body), backend_(bodiless_backend()), ctx_(backend_, real, threads, test.seed) {
    ctx_.set_random_step(3);
    poison_step_memory(ctx_);
    for (std::size_t i = 0; i < in_.size(); ++i) {
      if (!test.in[i].present) continue;
      in_[i] = guarded(test.in[i].shape, real);
      fill(in_[i], test.in[i].draw, test.seed, static_cast<std::uint32_t>(i));
    }
  }

  void forward() {
    op_ = std::make_unique<Op>(test_.op(ctx_.real()));
    const OutputSpecs<Op::outputs> specs = op_->plan(in_);
    for (std::size_t i = 0; i < out_.size(); ++i) {
      out_[i] = guarded(specs[i].shape, specs[i].dtype);
      if (!cotangents_[i].absent() || !test_.differentiable[i]) continue;
      cotangents_[i] = guarded(specs[i].shape, specs[i].dtype);
      fill(cotangents_[i], normal(), test_.seed, static_cast<std::uint32_t>(1000 + i));
    }
    forward_again();
  }

  /// The body alone, into the outputs that are there.
  void forward_again() {
    ctx_.rewind();
    saved_ = {};
    body_.forward(ctx_, Forward<Op>{*op_, in_, out_, saved_});
  }

  /// Backward of the last forward with cotangents on all outputs, or on one alone. Gradients keep their memory and are
  /// what `prepare_gradients` made of them.
  void backward(const Modes& modes, int only_output = -1) {
    Grads<Op::inputs> grads;
    for (std::size_t i = 0; i < grads.size(); ++i) grads[i] = {gradients_[i], modes[i]};
    Tensors<Op::outputs> cotangents = cotangents_;
    for (std::size_t i = 0; i < cotangents.size(); ++i) {
      if (only_output >= 0 && static_cast<int>(i) != only_output) cotangents[i] = {};
    }
    body_.backward(ctx_, Backward<Op>{*op_, in_, out_, saved_, cotangents, grads});
  }

  void prepare_gradients() {
    for (std::size_t i = 0; i < in_.size(); ++i) {
      gradients_[i] = test_.in[i].gradient ? guarded(in_[i].shape(), ctx_.real()) : Tensor();
    }
  }

  /// Forward and backward with fresh, overwritten gradients.
  void run(int only_output = -1) {
    forward();
    prepare_gradients();
    backward(overwrite_all(), only_output);
  }

  Modes overwrite_all() const {
    Modes modes;
    for (std::size_t i = 0; i < modes.size(); ++i) {
      modes[i] = test_.in[i].gradient ? GradMode::overwrite : GradMode::ignore;
    }
    return modes;
  }

  /// sum over outputs of <cotangent, output>.
  double scalar() const {
    double total = 0;
    for (std::size_t i = 0; i < out_.size(); ++i) {
      for (std::int64_t j = 0; j < cotangents_[i].numel(); ++j) {
        total += element(cotangents_[i], j) * element(out_[i], j);
      }
    }
    return total;
  }

  std::vector<Tensor> state() const { return test_.state ? test_.state(*op_) : std::vector<Tensor>(); }
  const Tensors<Op::inputs>& in() const { return in_; }
  const Tensors<Op::outputs>& out() const { return out_; }
  Tensors<Op::inputs>& gradients() { return gradients_; }
  Context& context() { return ctx_; }

  void check_memory(Report& report) const {
    for (std::size_t i = 0; i < in_.size(); ++i) {
      if (in_[i].absent()) continue;
      const Tensor original = guarded(in_[i].shape(), in_[i].dtype());
      fill(original, test_.in[i].draw, test_.seed, static_cast<std::uint32_t>(i));
      report.require(same_bits(in_[i], original), "input " + std::to_string(i) + " was changed.");
      report.require(guards_intact(gradients_[i]), "the gradient of input " + std::to_string(i) + " was overrun.");
    }
    for (std::size_t i = 0; i < out_.size(); ++i) {
      report.require(guards_intact(out_[i]), "output " + std::to_string(i) + " was overrun.");
    }
  }

 private:
  const OpCase<Op>& test_;
  const Body<Op>& body_;
  Backend backend_;
  Context ctx_;
  std::unique_ptr<Op> op_;
  Tensors<Op::inputs> in_, gradients_;
  Tensors<Op::outputs> out_, cotangents_;
  typename Op::Saved saved_;
};

/// All outputs, gradients and state of two runs agree.
template <typename Op>
void compare_runs(Report& report, const std::string& who, const OpCase<Op>& test, Execution<Op>& found,
                  Execution<Op>& expected, double tolerance) {
  for (std::size_t i = 0; i < found.out().size(); ++i) {
    report.close(who + ", output " + std::to_string(i), found.out()[i], expected.out()[i], tolerance);
  }
  for (std::size_t i = 0; i < test.in.size(); ++i) {
    if (!test.in[i].gradient) continue;
    report.close(who + ", gradient of input " + std::to_string(i), found.gradients()[i], expected.gradients()[i],
                 tolerance, test.in[i].least_scale);
  }
  const std::vector<Tensor> found_state = found.state(), expected_state = expected.state();
  for (std::size_t i = 0; i < found_state.size(); ++i) {
    report.close(who + ", state " + std::to_string(i), found_state[i], expected_state[i], tolerance);
  }
}

template <typename Op>
double tolerance_of(const OpCase<Op>& test, DType real) {
  return test.amplification * tolerance(real, test.terms);
}

/// A body against the reference in double, with all cotangents and with each alone.
template <typename Op>
void check_against_reference(Report& report, const std::string& who, const OpCase<Op>& test, const Body<Op>& body,
                             DType real, const Body<Op>& reference) {
  Execution<Op> found(test, body, real, 2), expected(test, reference, DType::f64, 1);
  const bool alone = Op::outputs > 1;
  for (int only = -1; only < (alone ? Op::outputs : 0); ++only) {
    if (only >= 0 && !test.differentiable[static_cast<std::size_t>(only)]) continue;
    found.run(only);
    expected.run(only);
    const std::string with = only < 0 ? "" : " with a gradient from output " + std::to_string(only) + " alone";
    compare_runs(report, who + with, test, found, expected, tolerance_of(test, real));
  }
  found.check_memory(report);
}

/// Accumulate adds to what is there.
template <typename Op>
void check_accumulate(Report& report, const std::string& who, const OpCase<Op>& test, Execution<Op>& execution,
                      const Tensors<Op::inputs>& overwritten) {
  typename Execution<Op>::Modes modes = execution.overwrite_all();
  execution.forward();
  execution.prepare_gradients();
  Tensors<Op::inputs> expected;
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (!test.in[i].gradient) continue;
    modes[i] = GradMode::accumulate;
    fill(execution.gradients()[i], normal(), test.seed, static_cast<std::uint32_t>(2000 + i));
    expected[i] = sum(execution.gradients()[i], overwritten[i]);
  }
  execution.backward(modes);
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (!test.in[i].gradient) continue;
    report.close(who + ", accumulated gradient of input " + std::to_string(i), execution.gradients()[i], expected[i],
                 tolerance_of(test, execution.context().real()), 1);
  }
}

/// Ignoring one gradient leaves its memory alone, if it has any, and changes no other gradient.
template <typename Op>
void check_ignore(Report& report, const std::string& who, const OpCase<Op>& test, Execution<Op>& execution,
                  const Tensors<Op::inputs>& overwritten, std::size_t ignored, bool with_memory) {
  execution.forward();
  execution.prepare_gradients();
  typename Execution<Op>::Modes modes = execution.overwrite_all();
  modes[ignored] = GradMode::ignore;
  if (!with_memory) execution.gradients()[ignored] = {};
  execution.backward(modes);
  const std::string what = who + ", ignoring the gradient of input " + std::to_string(ignored);
  if (with_memory) report.require(poisoned(execution.gradients()[ignored]), what + ": it was written.");
  for (std::size_t i = 0; i < modes.size(); ++i) {
    if (modes[i] == GradMode::ignore) continue;
    report.close(what + ": gradient of input " + std::to_string(i), execution.gradients()[i], overwritten[i],
                 tolerance_of(test, execution.context().real()), test.in[i].least_scale);
  }
}

template <typename Op>
void check_modes(Report& report, const std::string& who, const OpCase<Op>& test, const Body<Op>& body, DType real) {
  Execution<Op> execution(test, body, real, 2);
  execution.run();
  const Tensors<Op::inputs> overwritten = execution.gradients();
  check_accumulate(report, who, test, execution, overwritten);
  for (std::size_t i = 0; i < overwritten.size(); ++i) {
    if (!test.in[i].gradient) continue;
    check_ignore(report, who, test, execution, overwritten, i, true);
    check_ignore(report, who, test, execution, overwritten, i, false);
  }
  execution.check_memory(report);
}

/// (f(x + h e_j) - f(x - h e_j)) / 2h for chosen elements j of one input, against the gradient.
template <typename Op>
void check_differences(Report& report, const OpCase<Op>& test, Execution<Op>& execution, std::size_t input) {
  constexpr std::int64_t most = 48;  // elements tried in each input
  const Tensor x = execution.in()[input], gradient = execution.gradients()[input];
  RandomSequence random(test.seed, Stream::init, static_cast<std::uint32_t>(3000 + input));
  const std::int64_t n = x.numel(), tried = std::min(n, most);
  const Tensor found = Tensor::owning({tried}, DType::f64), expected = Tensor::owning({tried}, DType::f64);
  for (std::int64_t i = 0; i < tried; ++i) {
    const std::int64_t j = n <= most ? i : static_cast<std::int64_t>(random.below(static_cast<std::uint32_t>(n)));
    const double before = element(x, j);
    set_element(x, j, before + difference_step);
    execution.forward();
    const double above = execution.scalar();
    set_element(x, j, before - difference_step);
    execution.forward();
    const double below = execution.scalar();
    set_element(x, j, before);
    set_element(expected, i, (above - below) / (2 * difference_step));
    set_element(found, i, element(gradient, j));
  }
  report.close("gradient of input " + std::to_string(input) + " against central differences", found, expected,
               gradient_tolerance, std::max(test.in[input].least_scale, 1e-3));
}

template <typename Op>
void check_gradients(Report& report, const OpCase<Op>& test, const Body<Op>& reference) {
  Execution<Op> execution(test, reference, DType::f64, 1);
  execution.run();
  for (std::size_t i = 0; i < test.in.size(); ++i) {
    if (test.in[i].gradient) check_differences(report, test, execution, i);
  }
}

/// The same bits on any number of threads, and again.
template <typename Op>
void check_same_bits(Report& report, const OpCase<Op>& test, const Body<Op>& fast) {
  Execution<Op> first(test, fast, DType::f32, 1);
  first.run();
  for (const int threads : {1, 2, 3}) {
    Execution<Op> other(test, fast, DType::f32, threads);
    other.run();
    const std::string on = " differs in its bits on " + std::to_string(threads) + " threads from a run on one.";
    for (std::size_t i = 0; i < first.out().size(); ++i) {
      report.require(same_bits(first.out()[i], other.out()[i]), "output " + std::to_string(i) + on);
    }
    for (std::size_t i = 0; i < first.gradients().size(); ++i) {
      report.require(same_bits(first.gradients()[i], other.gradients()[i]),
                     "gradient of input " + std::to_string(i) + on);
    }
    const std::vector<Tensor> state = first.state(), other_state = other.state();
    for (std::size_t i = 0; i < state.size(); ++i) {
      report.require(same_bits(state[i], other_state[i]), "state " + std::to_string(i) + on);
    }
  }
}

template <typename Op>
std::vector<std::string> op_failures(const OpCase<Op>& test, const OpBodies<Op>& bodies) {
  Report report;
  check_against_reference(report, "fast body", test, bodies.fast, DType::f32, bodies.reference_f64);
  check_against_reference(report, "reference in float32", test, bodies.reference_f32, DType::f32, bodies.reference_f64);
  check_modes(report, "fast body", test, bodies.fast, DType::f32);
  check_modes(report, "reference in double", test, bodies.reference_f64, DType::f64);
  check_gradients(report, test, bodies.reference_f64);
  check_same_bits(report, test, bodies.fast);
  return report.failures;
}

/// Best time of `work` in microseconds, over at least 0.2 s.
double best_time(const std::function<void()>& work);
struct Times {
  double forward, backward;
};
void print_times(const std::string& title, Times one_thread, Times two_threads);

template <typename Op>
Times times_on(int threads, const OpCase<Op>& test) {
  const Body<Op> fast = cpu_backend().body<Op>();
  Execution<Op> execution(test, fast, DType::f32, threads);
  execution.run();
  const auto modes = execution.overwrite_all();
  Arena& arena = execution.context().arena();
  const Arena::Mark after_forward = arena.mark();
  Times times{};
  times.backward = best_time([&] {
    arena.rewind(after_forward);
    execution.backward(modes);
  });
  times.forward = best_time([&] { execution.forward_again(); });
  return times;
}

template <typename Op>
void time_op(const OpCase<Op>& test) {
  print_times(test.title(), times_on(1, test), times_on(2, test));
}

}  // namespace srwm::test
