#include <algorithm>
#include <memory>

#include "data/sampler.h"
#include "ops/gather_images.h"

namespace srwm {
namespace {

/// The elements of a vector as a host tensor that does not own them.
template <typename T>
Tensor view_of(const std::vector<T>& values, std::int64_t count) {
  void* memory = const_cast<T*>(values.data());  // NOLINT(cppcoreguidelines-pro-type-const-cast): only read from
  return Tensor(std::shared_ptr<void>(std::shared_ptr<void>(), memory), {count}, DTypeOf<T>::value);
}

}  // namespace

void gather_images(const Tensor& images, const EpisodeBatch& batch, const std::vector<double>& mean,
                   const std::vector<double>& std, int threads, const Tensor& out) {
  const std::int64_t channels = images.dim(3);
  SRWM_CHECK(channels <= max_channels, "{} channels", channels);
  SRWM_CHECK(mean.empty() || (std::ssize(mean) == channels && std::ssize(std) == channels),
             "mean and std have {} and {} elements for {} channels", mean.size(), std.size(), channels);
  SRWM_CHECK(mean.empty() || out.dtype() != DType::u8, "bytes cannot be normalized");
  if (images.dim(1) != images.dim(2)) {
    for (const std::uint8_t turns : batch.rotation)
      SRWM_CHECK(turns % 2 == 0, "a quarter turn of an image that is not square");
  }
  GatherImages gather{.images = images,
                      .index = view_of(batch.image, batch.positions()),
                      .rotation = view_of(batch.rotation, batch.positions()),
                      .out = out};
  std::ranges::copy(mean, gather.mean.begin());
  std::ranges::copy(std, gather.std.begin());
  gather_images_on_host(threads, gather);
}

}  // namespace srwm
