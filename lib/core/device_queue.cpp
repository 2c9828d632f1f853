#include "core/device_queue.h"

#include <algorithm>
#include <cstring>

#include "core/error.h"

namespace srwm {
namespace {

class HostQueue final : public DeviceQueue {
 public:
  void zero(void* device, std::size_t bytes) override { std::memset(device, 0, bytes); }
  void fill(void* device, DType real, std::int64_t count, double value) override {
    if (real == DType::f64) {
      std::fill_n(static_cast<double*>(device), count, value);
    } else {
      std::fill_n(static_cast<float*>(device), count, static_cast<float>(value));
    }
  }
  void upload(void* device, const void* host, std::size_t bytes) override { std::memcpy(device, host, bytes); }
  void download(void* host, const void* device, std::size_t bytes) override { std::memcpy(host, device, bytes); }
  void copy(void* to, const void* from, std::size_t bytes) override { std::memcpy(to, from, bytes); }
  void copy_rows(void* to, std::size_t to_step, const void* from, std::size_t from_step, std::size_t bytes,
                 std::int64_t rows) override {
    for (std::size_t row = 0; row < static_cast<std::size_t>(rows); ++row) {
      std::memcpy(static_cast<char*>(to) + row * to_step, static_cast<const char*>(from) + row * from_step, bytes);
    }
  }
  void synchronize() override {}
};

}  // namespace

std::unique_ptr<DeviceQueue::Recording> DeviceQueue::record(const std::function<void()>&) {
  SRWM_CHECK(false, "this queue does not record");
  return nullptr;
}

void DeviceQueue::replay(const Recording&) {
  SRWM_CHECK(false, "this queue does not record");
}

std::unique_ptr<DeviceQueue> make_host_queue() {
  return std::make_unique<HostQueue>();
}

}  // namespace srwm
