#include "run/state.h"

#include <algorithm>
#include <string_view>

#include "core/error.h"

namespace srwm {
namespace {

bool is_name(std::string_view name) {
  constexpr std::string_view allowed = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
  return !name.empty() && name != "." && name != ".." && name.find_first_not_of(allowed) == std::string_view::npos;
}

/// "f32 [2, 3]" or "3 integers".
std::string describe(const StateValue& value) {
  if (const auto* tensor = std::get_if<Tensor>(&value)) {
    return fmt::format("{} {}", name_of(tensor->dtype()), tensor->shape().to_string());
  }
  return fmt::format("{} integers", std::get<std::vector<std::int64_t>>(value).size());
}

template <typename T>
Tensor list_of(std::span<const T> values) {
  return Tensor::of<T>({static_cast<std::int64_t>(values.size())}, values);
}

}  // namespace

StateWriter StateWriter::section(const std::string& name) const {
  SRWM_CHECK(is_name(name), "'{}' is not a name of a section of a state", name);
  return {*state_, prefix_ + name + "/"};
}

void StateWriter::add(const std::string& name, StateValue value) const {
  SRWM_CHECK(is_name(name), "'{}' is not a name of a value of a state", name);
  const bool is_new = state_->emplace(prefix_ + name, std::move(value)).second;
  SRWM_CHECK(is_new, "the state has two values {}{}", prefix_, name);
}

void StateWriter::integer(const std::string& name, std::int64_t value) const {
  integers(name, {&value, 1});
}

void StateWriter::integers(const std::string& name, std::span<const std::int64_t> values) const {
  add(name, std::vector<std::int64_t>(values.begin(), values.end()));
}

void StateWriter::real(const std::string& name, double value) const {
  reals(name, {&value, 1});
}

void StateWriter::reals(const std::string& name, std::span<const double> values) const {
  add(name, list_of(values));
}

void StateWriter::bytes(const std::string& name, std::span<const std::byte> values) const {
  const auto* first = reinterpret_cast<const std::uint8_t*>(values.data());
  add(name, list_of(std::span<const std::uint8_t>(first, values.size())));
}

void StateWriter::bytes(const std::string& name, const std::string& values) const {
  bytes(name, std::as_bytes(std::span<const char>(values)));
}

void StateWriter::tensor(const std::string& name, Tensor host_tensor) const {
  SRWM_CHECK(!host_tensor.absent() && host_tensor.device() == Device{}, "{}: expected a host tensor", name);
  add(name, std::move(host_tensor));
}

void StateWriter::tensor(const std::string& name, Context& context, const Tensor& tensor) const {
  Tensor copy = Tensor::owning(tensor.shape(), tensor.dtype());
  context.download(copy.raw(), tensor);
  add(name, std::move(copy));
}

StateReader StateReader::section(const std::string& name) const {
  return {*state_, *path_, prefix_ + name + "/"};
}

bool StateReader::has(const std::string& name) const {
  return state_->contains(prefix_ + name) || !section(name).empty();
}

bool StateReader::empty() const {
  const auto first = state_->lower_bound(prefix_);
  return first == state_->end() || !first->first.starts_with(prefix_);
}

const StateValue& StateReader::find(const std::string& name) const {
  const auto found = state_->find(prefix_ + name);
  if (found != state_->end()) return found->second;
  throw DataError(
      "{}: the checkpoint has no /state/{}{}, so the run cannot be resumed from it. Use another checkpoint of this "
      "run, "
      "or start a new run from its model with --init-from.",
      path_->string(), prefix_, name);
}

void StateReader::throw_wrong(const std::string& name, const std::string& expected) const {
  throw DataError(
      "{}: /state/{}{} is {}; expected {}. The checkpoint belongs to a different run or is damaged; use another "
      "checkpoint of this run.",
      path_->string(), prefix_, name, describe(find(name)), expected);
}

std::int64_t StateReader::integer(const std::string& name) const {
  const auto values = integers(name);
  if (values.size() != 1) throw_wrong(name, "1 integer");
  return values.front();
}

std::span<const std::int64_t> StateReader::integers(const std::string& name) const {
  const auto* values = std::get_if<std::vector<std::int64_t>>(&find(name));
  if (values == nullptr) throw_wrong(name, "integers");
  return *values;
}

const Tensor& StateReader::list(const std::string& name, DType dtype, const char* expected) const {
  const auto* tensor = std::get_if<Tensor>(&find(name));
  if (tensor == nullptr || tensor->dtype() != dtype || tensor->shape().rank() != 1) throw_wrong(name, expected);
  return *tensor;
}

double StateReader::real(const std::string& name) const {
  const auto values = reals(name);
  if (values.size() != 1) throw_wrong(name, "1 real number");
  return values.front();
}

std::span<const double> StateReader::reals(const std::string& name) const {
  return list(name, DType::f64, "real numbers").span<double>();
}

std::span<const std::byte> StateReader::bytes(const std::string& name) const {
  return std::as_bytes(list(name, DType::u8, "bytes").span<std::uint8_t>());
}

std::string StateReader::text(const std::string& name) const {
  const auto values = bytes(name);
  return {reinterpret_cast<const char*>(values.data()), values.size()};
}

const Tensor& StateReader::tensor(const std::string& name, const Shape& shape, DType dtype) const {
  const auto* tensor = std::get_if<Tensor>(&find(name));
  if (tensor == nullptr || tensor->shape() != shape || tensor->dtype() != dtype) {
    throw_wrong(name, fmt::format("{} {}", name_of(dtype), shape.to_string()));
  }
  return *tensor;
}

void StateReader::restore(Context& context, const std::string& name, const Tensor& target) const {
  context.upload(target, tensor(name, target.shape(), target.dtype()).raw());
}

}  // namespace srwm
