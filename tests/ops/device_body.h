// An op's CUDA body as one that works on host tensors, so that the harness can check it like any other: every call
// copies the tensors to the device and back, the guard zones around them included.
#pragma once

#include <memory>
#include <vector>

#include "ops/backend.h"
#include "ops/cuda/backend.h"
#include "ops/op_harness.h"
#include "ops/op_run.h"

namespace srwm::test {

// The tensors among an op's options.
template <typename Op>
std::vector<Tensor*> option_tensors(Op& op) {
  if constexpr (requires { op.state_first; }) return {&op.targets, &op.state_first};
  if constexpr (requires { op.labels; }) return {&op.labels};
  if constexpr (requires { op.rows; }) return {&op.rows};
  if constexpr (requires { op.targets; }) return {&op.targets};
  if constexpr (requires { op.reset; }) return {&op.reset};
  if constexpr (requires { op.column; }) return {&op.column};
  if constexpr (requires { op.mask; }) return {&op.mask};
  if constexpr (requires { op.advantages; }) return {&op.actions, &op.vs, &op.advantages};
  if constexpr (requires { op.state.running_mean; }) return {&op.state.running_mean, &op.state.running_var};
  return {};
}

/// A host tensor and its copy on the device, with the bytes before and after it.
class Mirror {
 public:
  Mirror(Context& context, const Tensor& host, std::size_t zone_bytes) : host_(host), zone_(zone_bytes) {
    if (host.absent()) return;
    whole_ = context.persistent({static_cast<std::int64_t>(host.bytes() + 2 * zone_)}, DType::u8);
    context.upload(whole_, static_cast<const char*>(host.raw()) - zone_);
    std::shared_ptr<void> start(std::make_shared<Tensor>(whole_), static_cast<char*>(whole_.raw()) + zone_);
    device_ = Tensor(std::move(start), host.shape(), host.dtype(), context.device());
  }
  const Tensor& device() const { return device_; }
  void copy_back(Context& context) const {
    if (!host_.absent()) context.download(static_cast<char*>(host_.raw()) - zone_, whole_);
  }

 private:
  Tensor host_, whole_, device_;
  std::size_t zone_;
};

/// The device's context for draws of this seed. The last one is kept: making one takes longer than most tests.
inline Context& device_context(std::uint64_t seed, Precision precision) {
  const auto make = [&] { return std::make_unique<Context>(cuda_backend(0), DType::f32, 1, seed); };
  // Made before it is registered for destruction, as are the statics that it uses: they have to outlive it.
  static std::unique_ptr<Context> context = make();
  static std::uint64_t seed_of_context = seed;
  if (seed_of_context != seed) {
    context.reset();
    context = make();
    seed_of_context = seed;
  }
  context->set_precision(precision);
  context->rewind();
  return *context;
}

/// What a forward pass leaves on the device for the backward pass of the same harness context.
template <typename Op>
class DeviceBody {
 public:
  static Body<Op> body() { return {forward, backward}; }

 private:
  struct Session {
    explicit Session(Context& device) : context(device) {}
    Context& context;
    std::vector<Mirror> mirrors;
    std::unique_ptr<Op> op;
    Tensors<Op::inputs> in;
    Tensors<Op::outputs> out;
    typename Op::Saved saved;
  };

  static std::unique_ptr<Session>& session() {
    static std::unique_ptr<Session> current;
    return current;
  }

  static Tensor mirror(Session& s, const Tensor& host, std::size_t zone) {
    return s.mirrors.emplace_back(s.context, host, zone).device();
  }

  static void forward(Context& host_context, const Forward<Op>& f) {
    const std::uint64_t seed = host_context.random(Stream::dropout).key()[0];
    session() = std::make_unique<Session>(device_context(seed, host_context.precision()));
    Session& s = *session();
    s.context.set_random_step(host_context.random(Stream::dropout).counter(0)[2]);
    s.op = std::make_unique<Op>(f.op);
    for (Tensor* tensor : option_tensors(*s.op)) *tensor = mirror(s, *tensor, 0);
    for (std::size_t i = 0; i < f.in.size(); ++i) s.in[i] = mirror(s, f.in[i], guard_zone);
    for (std::size_t i = 0; i < f.out.size(); ++i) s.out[i] = mirror(s, f.out[i], guard_zone);
    poison_step_memory(s.context);
    cuda_backend(0).body<Op>().forward(s.context, {*s.op, s.in, s.out, s.saved});
    for (const Mirror& m : s.mirrors) m.copy_back(s.context);
  }

  static void backward(Context&, const Backward<Op>& b) {
    Session& s = *session();
    std::vector<Mirror> mirrors;
    Tensors<Op::outputs> cotangents;
    for (std::size_t i = 0; i < cotangents.size(); ++i) {
      cotangents[i] = mirrors.emplace_back(s.context, b.dL_dout[i], guard_zone).device();
    }
    Grads<Op::inputs> gradients;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      gradients[i] = {mirrors.emplace_back(s.context, b.dL_din[i].value, guard_zone).device(), b.dL_din[i].mode};
    }
    cuda_backend(0).body<Op>().backward(s.context, {*s.op, s.in, s.out, s.saved, cotangents, gradients});
    for (const Mirror& m : mirrors) m.copy_back(s.context);
    for (const Mirror& m : s.mirrors) m.copy_back(s.context);
  }
};

/// All checks of a CUDA body; one sentence per failure.
template <typename Op>
std::vector<std::string> device_failures(const OpCase<Op>& test) {
  Report report;
  const Body<Op> body = DeviceBody<Op>::body();
  check_against_reference(report, "CUDA body", test, body, DType::f32, reference::body_of(Tag<Op>{}, DType::f64));
  check_modes(report, "CUDA body", test, body, DType::f32);
  check_same_bits(report, test, body);
  return report.failures;
}

template <typename Op>
void check_device_op(const OpCase<Op>& test) {
  const std::vector<std::string> failures = device_failures(test);
  for (const std::string& failure : failures) FAIL_CHECK(test.title() << ": " << failure);
  CHECK(failures.empty());
}

/// How far outputs and gradients may be from the reference, and how far something has to be, or the precision was not
/// used: ||found - expected|| / ||expected||.
struct PrecisionBounds {
  Precision precision;
  double least, most;
};
// Eleven and eight significant bits; sums of products of two rounded numbers have about this error, whatever their
// length.
constexpr PrecisionBounds rounded_precisions[] = {{Precision::tf32, 3e-5, 1e-3}, {Precision::bf16, 3e-4, 1e-2}};

/// The CUDA body in the lower precisions, for ops without a kink: where a maximum changes hands gradients jump.
template <typename Op>
void check_device_precisions(const OpCase<Op>& test, bool gradients = true) {
  const Body<Op> body = DeviceBody<Op>::body(), reference = reference::body_of(Tag<Op>{}, DType::f64);
  for (const PrecisionBounds& bounds : rounded_precisions) {
    Execution<Op> found(test, body, DType::f32, 1), expected(test, reference, DType::f64, 1);
    found.context().set_precision(bounds.precision);
    found.run();
    expected.run();
    INFO(test.title() << " with errors of up to " << bounds.most);
    const auto check = [&](const Tensor& a, const Tensor& b, bool rounded) {
      const double error = relative_error(a, b);
      CHECK(error <= bounds.most);
      if (rounded) CHECK(error >= bounds.least);
    };
    for (std::size_t i = 0; i < found.out().size(); ++i) check(found.out()[i], expected.out()[i], true);
    for (std::size_t i = 0; gradients && i < found.gradients().size(); ++i) {
      if (test.in[i].gradient) check(found.gradients()[i], expected.gradients()[i], test.in[i].shape.rank() > 1);
    }
  }
}

}  // namespace srwm::test
