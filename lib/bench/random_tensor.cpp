#include "bench/random_tensor.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <vector>

#include "core/rng.h"

namespace srwm {
namespace {

/// A prime, so that the rows of a matrix differ.
constexpr std::int64_t most_draws = 262'139;

/// The upper half of a float: the number in bf16, cut off.
std::uint16_t to_bf16(float value) {
  return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(value) >> 16);
}

template <typename T>
void upload_repeatedly(Context& context, const Tensor& tensor, const std::vector<T>& block) {
  const std::size_t block_bytes = block.size() * sizeof(T);
  for (std::size_t done = 0; done < tensor.bytes(); done += block_bytes) {
    context.queue().upload(static_cast<char*>(tensor.raw()) + done, block.data(),
                           std::min(block_bytes, tensor.bytes() - done));
  }
}

}  // namespace

Tensor random_tensor(Context& context, const Shape& shape, double scale, std::uint32_t index, DType dtype) {
  std::vector<float> numbers(static_cast<std::size_t>(std::min(shape.numel(), most_draws)));
  RandomSequence random(1, Stream::init, index);
  for (float& number : numbers) number = static_cast<float>(scale * random.normal());
  Tensor tensor = context.persistent(shape, dtype);
  if (dtype == DType::f32) {
    upload_repeatedly(context, tensor, numbers);
  } else {
    std::vector<std::uint16_t> halves(numbers.size());
    std::ranges::transform(numbers, halves.begin(), to_bf16);
    upload_repeatedly(context, tensor, halves);
  }
  context.queue().synchronize();
  return tensor;
}

}  // namespace srwm
