#include "core/finite.h"

#include <algorithm>
#include <cmath>

namespace srwm {
namespace {

template <typename T>
std::int64_t count(const Tensor& tensor) {
  return std::ranges::count_if(tensor.span<T>(), [](T value) { return !std::isfinite(value); });
}

}  // namespace

std::int64_t count_not_finite(const Tensor& host) {
  switch (host.dtype()) {
    case DType::f32:
      return count<float>(host);
    case DType::f64:
      return count<double>(host);
    case DType::bf16:
    case DType::u8:
    case DType::i32:
      break;
  }
  return 0;
}

}  // namespace srwm
