#include "ops/cuda/backend.h"

#include <map>
#include <mutex>

#include "core/error.h"
#include "kernels/launch.h"
#include "ops/cuda/peak.h"
#include "ops/cuda/queue.h"
#include "ops/cuda/update.h"

namespace srwm {
namespace cuda {
namespace {

class DeviceBlocks final : public BlockSource {
 public:
  explicit DeviceBlocks(int device) : device_(device) {}
  void* allocate(std::size_t bytes) override {
    void* block = nullptr;
    check(cudaSetDevice(device_), "choosing the device");
    check(cudaMalloc(&block, bytes), "allocating memory");
    return block;
  }
  void release(void* block, std::size_t) noexcept override { cudaFree(block); }

 private:
  int device_;
};

template <typename... Ops>
AllOps::Bodies bodies(OpList<Ops...>) {
  return {body_of(Tag<Ops>{})...};
}

void expect_device(int device) {
  int count = 0;
  const cudaError_t error = cudaGetDeviceCount(&count);
  if (error != cudaSuccess || count == 0) {
    throw DeviceError("No GPU can be used: the driver says '{}'. Use --device cpu, or look at what nvidia-smi says.",
                      error == cudaSuccess ? "no device" : cudaGetErrorString(error));
  }
  if (device >= count) {
    throw DeviceError("There is no GPU {}: this machine has {}, numbered from 0.", device, count);
  }
}

std::unique_ptr<DeviceQueue> make_queue(Device device) {
  return std::make_unique<Queue>(device.index);
}

std::string name_of(int device) {
  cudaDeviceProp properties{};
  check(cudaGetDeviceProperties(&properties, device), "asking for the device's name");
  return properties.name;
}

/// CUDA counts 13000 for 13.0.
std::string version_text(int version) {
  return fmt::format("{}.{}", version / 1000, version % 1000 / 10);
}

std::vector<LibraryVersion> cuda_libraries() {
  int runtime = 0, driver = 0;
  check(cudaRuntimeGetVersion(&runtime), "asking for the version of CUDA");
  check(cudaDriverGetVersion(&driver), "asking for the version of the driver");
  return {{"cuda", version_text(runtime)}, {"cuda_driver", version_text(driver)}};
}

struct Table {
  explicit Table(int device)
      : blocks(device), backend{"cuda",           {Device::Kind::cuda, device},
                                &blocks,          make_queue,
                                bodies(AllOps{}), update_bodies(),
                                name_of(device),  cuda_libraries(),
                                peak_bodies()} {}
  DeviceBlocks blocks;
  Backend backend;
};

}  // namespace
}  // namespace cuda

const Backend& cuda_backend(int device) {
  static std::mutex mutex;
  static std::map<int, cuda::Table> tables;
  const std::lock_guard lock(mutex);
  cuda::expect_device(device);
  return tables.try_emplace(device, device).first->second.backend;
}

}  // namespace srwm
