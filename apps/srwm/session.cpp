#include "srwm/session.h"

#include <algorithm>
#include <charconv>
#include <optional>
#include <string_view>

#include "core/error.h"
#include "core/threads.h"
#include "ops/backend.h"
#include "ops/cuda_library.h"
#include "run/host.h"
#include "train/value_names.h"

namespace srwm {
namespace {

/// The number of the GPU that "cuda" or "cuda:N" names, or none for anything else.
std::optional<int> cuda_device(std::string_view device) {
  if (device == "cuda") return 0;
  constexpr std::string_view prefix = "cuda:";
  int number = 0;
  const char *first = device.data() + prefix.size(), *last = device.data() + device.size();
  if (!device.starts_with(prefix) || first == last) return std::nullopt;
  const auto [end, error] = std::from_chars(first, last, number);
  return error == std::errc() && end == last && number >= 0 ? std::optional(number) : std::nullopt;
}

const Backend& backend_of(const std::string& device) {
  if (const std::optional<int> number = cuda_device(device)) return load_cuda_backend(*number);
  if (device == "auto") return cuda_is_usable() ? load_cuda_backend(0) : cpu_backend();
  if (device == "cpu") return cpu_backend();
  throw UsageError("--device {}: the devices are auto, cpu, cuda and cuda:N (N the number of the GPU).", device);
}

}  // namespace

void add_device_options(CLI::App& command, DeviceOptions& options) {
  command.add_option("--device", options.device, "Where to compute; cuda:N for GPU N")
      ->type_name(takes::device)
      ->capture_default_str();
  command
      .add_option("--threads", options.threads,
                  "CPU threads; default: what is fastest of those that this process may use")
      ->check(CLI::Range(1, 1024));
  command.add_flag("--eager", options.eager,
                   "On a GPU, launch each kernel anew instead of replaying graphs: same bits");
}

void add_rank_options(CLI::App& command, RankOptions& options) {
  command
      .add_option("--ranks", options.count,
                  "Share the passes of each step among so many threads, of --threads CPU threads each: same bits")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      .add_option("--engine", options.engine,
                  "Between processes that mpirun or srun has started: auto takes the launcher's MPI, none makes each a "
                  "run of its own")
      ->type_name(takes::engine)
      ->check(CLI::IsMember({"auto", "mpi", "none"}))
      ->capture_default_str();
  command
      .add_option("--rank-timeout", options.timeout, "Seconds without a sign of life after which a rank counts as lost")
      ->check(positive())
      ->capture_default_str();
}

int thread_count(const DeviceOptions& options) {
  if (options.threads == 0) return default_threads();
  // More threads than processors only take turns; two can share the work and wait for each other on one.
  return std::min(options.threads, std::max(2, usable_processors()));
}

Device chosen_device(const DeviceOptions& options) {
  return backend_of(options.device).device;
}

std::unique_ptr<Context> make_context(const DeviceOptions& options, std::uint64_t seed) {
  auto context = std::make_unique<Context>(backend_of(options.device), DType::f32, thread_count(options), seed);
  context->set_eager(options.eager);
  return context;
}

void choose_precision(Context& context, Precision precision) {
  if (precision != Precision::fp32 && context.device().kind == Device::Kind::cpu) {
    throw UsageError(
        "train.precision is \"{}\", which only a GPU computes in; give --set train.precision=fp32 to train on a CPU.",
        name_of(precision));
  }
  context.set_precision(precision);
}

}  // namespace srwm
