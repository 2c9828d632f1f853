#include "nn/parameters.h"

#include "core/error.h"

namespace srwm {

Parameter& ParameterSet::uniform(std::string name, Shape shape, double bound) {
  RandomSequence numbers = random();
  Parameter& parameter = add(std::move(name), shape);
  fill(parameter.value, [&] { return numbers.uniform(-bound, bound); });
  return parameter;
}

Parameter& ParameterSet::normal(std::string name, Shape shape, double mean, double std) {
  RandomSequence numbers = random();
  Parameter& parameter = add(std::move(name), shape);
  fill(parameter.value, [&] { return mean + std * numbers.normal(); });
  return parameter;
}

Parameter& ParameterSet::truncated_normal(std::string name, Shape shape, double std) {
  RandomSequence numbers = random();
  Parameter& parameter = add(std::move(name), shape);
  fill(parameter.value, [&] { return std * numbers.truncated_normal(); });
  return parameter;
}

Parameter& ParameterSet::constant(std::string name, Shape shape, double value) {
  Parameter& parameter = add(std::move(name), shape);
  fill(parameter.value, [&] { return value; });
  return parameter;
}

Tensor& ParameterSet::state(std::string name, Shape shape, double value, double momentum) {
  StateTensor& tensor = states_.emplace_back(StateTensor{std::move(name), context_->persistent(shape), momentum});
  fill(tensor.value, [&] { return value; });
  return tensor.value;
}

std::int64_t ParameterSet::count() const {
  std::int64_t scalars = 0;
  for (const Parameter& parameter : parameters_) scalars += parameter.value.numel();
  return scalars;
}

void ParameterSet::zero_grad() {
  for (Parameter& parameter : parameters_) parameter.slot.written = false;
}

void ParameterSet::set_gradients(Context& context, const Tensor& flat) {
  std::int64_t begin = 0;
  for (Parameter& p : parameters_) {
    context.upload(p.slot.grad, flat.rows(begin, begin + p.value.numel()).raw());
    p.slot.written = true;
    begin += p.value.numel();
  }
}

void ParameterSet::zero_missing_gradients(Context& context) {
  for (Parameter& p : parameters_) {
    if (!p.slot.written) context.queue().zero(p.slot.grad.raw(), p.slot.grad.bytes());
    p.slot.written = true;
  }
}

Parameter& ParameterSet::add(std::string name, Shape shape) {
  for (const Parameter& parameter : parameters_) {
    SRWM_CHECK(parameter.name != name, "two parameters are called {}", name);
  }
  return parameters_.emplace_back(
      Parameter{std::move(name), context_->persistent(shape), {context_->persistent(shape), false}});
}

template <typename Draw>
void ParameterSet::fill(const Tensor& tensor, const Draw& draw) {
  // Drawn in double and rounded, so that a float32 and a float64 model start from the same numbers.
  const Tensor drawn = Tensor::owning(tensor.shape(), tensor.dtype());
  for (std::int64_t i = 0; i < drawn.numel(); ++i) {
    const auto value = static_cast<float>(draw());
    if (drawn.dtype() == DType::f64) {
      drawn.data<double>()[i] = static_cast<double>(value);
    } else {
      drawn.data<float>()[i] = value;
    }
  }
  context_->upload(tensor, drawn.raw());
}

RandomSequence ParameterSet::random() const {
  return RandomSequence(seed_, Stream::init, 0, static_cast<std::uint64_t>(parameters_.size()) << 32);
}

}  // namespace srwm
