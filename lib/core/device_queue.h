// The order of work on one device, seen from the host.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>

#include "core/dtype.h"

namespace srwm {

/// Copies, fills and everything that bodies launch for one Context run in the order they were given. On the CPU each is
/// done at once; a GPU's may still run when the call returns.
class DeviceQueue {
 public:
  virtual ~DeviceQueue() = default;
  /// Sets device memory to zero bytes.
  virtual void zero(void* device, std::size_t bytes) = 0;
  /// Sets `count` numbers of type f32 or f64 to `value`.
  virtual void fill(void* device, DType real, std::int64_t count, double value) = 0;
  /// Copies from host to device; the host memory may change as soon as the call returns.
  virtual void upload(void* device, const void* host, std::size_t bytes) = 0;
  /// Copies from device to host, after everything queued before; waits for it.
  virtual void download(void* host, const void* device, std::size_t bytes) = 0;
  /// Copies on the device.
  virtual void copy(void* to, const void* from, std::size_t bytes) = 0;
  /// Copies `rows` pieces of `bytes` on the device; each begins `to_step` and `from_step` bytes after the one before.
  virtual void copy_rows(void* to, std::size_t to_step, const void* from, std::size_t from_step, std::size_t bytes,
                         std::int64_t rows) = 0;
  /// Host memory that the device itself can read (pinned); none where the device is the host.
  virtual std::shared_ptr<void> pinned_memory(std::size_t) { return nullptr; }
  /// Copies from such memory, which must stay as it is until `synchronize` or `download` has returned.
  virtual void upload_pinned(void* device, const void* pinned, std::size_t bytes) { upload(device, pinned, bytes); }
  /// Work that was recorded once and can be given to the queue again.
  class Recording {
   public:
    Recording() = default;
    virtual ~Recording() = default;
    Recording(const Recording&) = delete;
    Recording& operator=(const Recording&) = delete;
  };
  /// Whether work can be recorded.
  virtual bool records() const { return false; }
  /// Calls `work`, whose launches, copies on the device and fills are recorded instead of done; uploads, downloads and
  /// new blocks of memory are not allowed in it. Only where `records()`.
  virtual std::unique_ptr<Recording> record(const std::function<void()>& work);
  /// Does recorded work again, with what is in device memory by then.
  virtual void replay(const Recording& recording);
  /// Waits for everything queued so far. DeviceError if any of it failed.
  virtual void synchronize() = 0;
  /// Names what the host gives to the queue from here on, for profilers (NVTX); ranges nest. Nothing on the CPU.
  virtual void begin_range(const char* name) { static_cast<void>(name); }
  virtual void end_range() {}
};

/// A named range of a queue while it lives.
class NamedRange {
 public:
  NamedRange(DeviceQueue& queue, const char* name) : queue_(queue) { queue_.begin_range(name); }
  ~NamedRange() { queue_.end_range(); }
  NamedRange(const NamedRange&) = delete;
  NamedRange& operator=(const NamedRange&) = delete;

 private:
  DeviceQueue& queue_;
};

/// The queue of host memory.
std::unique_ptr<DeviceQueue> make_host_queue();

}  // namespace srwm
