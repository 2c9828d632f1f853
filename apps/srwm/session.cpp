#include "srwm/session.h"

#include "core/error.h"
#include "ops/backend.h"
#include "run/environment.h"

namespace srwm {

void add_device_options(CLI::App& command, DeviceOptions& options) {
  command.add_option("--device", options.device, "auto, cpu, cuda or cuda:N")->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads; default: as many as this process may use")
      ->check(CLI::Range(1, 1024));
}

int thread_count(const DeviceOptions& options) {
  return options.threads > 0 ? options.threads : default_threads();
}

std::unique_ptr<Context> make_context(const DeviceOptions& options, std::uint64_t seed) {
  if (options.device.starts_with("cuda")) {
    throw DeviceError("--device {}: this build of srwm has no CUDA library (libsrwm_cuda.so). Use --device cpu.",
                      options.device);
  }
  if (options.device != "auto" && options.device != "cpu") {
    throw UsageError("--device {}: the devices are auto, cpu, cuda and cuda:N (N the number of the GPU).",
                     options.device);
  }
  return std::make_unique<Context>(cpu_backend(), DType::f32, thread_count(options), seed);
}

}  // namespace srwm
