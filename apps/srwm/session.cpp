#include "srwm/session.h"

#include <cmath>

#include "core/error.h"
#include "ops/backend.h"
#include "run/environment.h"
#include "srwm/value_names.h"

namespace srwm {
namespace {

/// "cuda" or "cuda:" and a number.
bool is_cuda(const std::string& device) {
  if (device == "cuda") return true;
  constexpr std::string_view prefix = "cuda:";
  return device.starts_with(prefix) && device.size() > prefix.size() &&
         device.find_first_not_of("0123456789", prefix.size()) == std::string::npos;
}

}  // namespace

const CLI::Validator& positive() {
  static const CLI::Validator validator(
      [](std::string& text) {
        double value = 0;
        const bool good = CLI::detail::lexical_cast(text, value) && std::isfinite(value) && value > 0;
        return good ? std::string() : fmt::format("'{}' is not a number above 0", text);
      },
      "POSITIVE", "positive");
  return validator;
}

const CLI::Validator& not_negative() {
  static const CLI::Validator validator(
      [](std::string& text) { return text.starts_with('-') ? text + " is negative" : std::string(); }, "",
      "not negative");
  return validator;
}

const CLI::Validator& not_empty() {
  static const CLI::Validator validator(
      [](std::string& text) { return text.empty() ? std::string("the value is empty") : std::string(); }, "",
      "not empty");
  return validator;
}

void add_device_options(CLI::App& command, DeviceOptions& options) {
  command.add_option("--device", options.device, "Where to compute; cuda:N for GPU N")
      ->type_name(takes::device)
      ->capture_default_str();
  command.add_option("--threads", options.threads, "CPU threads; default: as many as this process may use")
      ->check(CLI::Range(1, 1024));
}

int thread_count(const DeviceOptions& options) {
  return options.threads > 0 ? options.threads : default_threads();
}

std::unique_ptr<Context> make_context(const DeviceOptions& options, std::uint64_t seed) {
  if (is_cuda(options.device)) {
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
