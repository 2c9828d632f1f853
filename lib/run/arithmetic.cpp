#include "run/arithmetic.h"

#include <optional>
#include <string_view>

#include <fmt/format.h>

#include "io/hdf5.h"
#include "ops/backend.h"
#include "ops/cpu/blas_version.h"
#include "ops/cpu/simd_request.h"

namespace srwm {
namespace {

/// Empty if either is unknown or both are the same; else both, named.
std::string difference(std::string_view what, const std::string& then, const std::string& now) {
  if (then.empty() || now.empty() || then == now) return "";
  return fmt::format("{} {} (now {})", what, then, now);
}

/// "cuda" of "cuda:0".
std::string kind_of(const std::string& device) {
  return device.substr(0, device.find(':'));
}

std::string join(std::string first, const std::string& second) {
  if (!first.empty() && !second.empty()) first += " and ";
  return first + second;
}

}  // namespace

Arithmetic arithmetic_of(const Context& context) {
  return {context.device().to_string(), context.backend().device_name, cpu::name_of(cpu::simd_level()),
          cpu::blas_core()};
}

void choose_instruction_set(const std::filesystem::path& checkpoint) {
  const hdf5::File file = hdf5::File::open(checkpoint);
  if (cpu::requested_simd_level() || !file.has_attribute("/", "simd")) return;
  const std::optional<cpu::SimdLevel> level = cpu::parse_simd_level(file.string_attribute("/", "simd"));
  if (level && *level <= cpu::machine_simd_level()) cpu::set_simd_level(*level);
}

std::string explain_different_bits(const Arithmetic& then, const Arithmetic& now) {
  constexpr std::string_view consequence = "results can differ in the last bits from an uninterrupted run";
  const std::string device = difference("on the device", kind_of(then.device), kind_of(now.device));
  const std::string gpu = difference("on the GPU", then.gpu, now.gpu);
  if (!device.empty() || !gpu.empty()) {
    return fmt::format("The checkpoint was computed {}: {}.", device.empty() ? gpu : device, consequence);
  }
  if (kind_of(now.device) != "cpu") return "";
  const std::string simd = difference("the instruction set", then.simd, now.simd);
  const std::string blas = difference("the BLAS kernels", then.blas_core, now.blas_core);
  if (simd.empty() && blas.empty()) return "";
  std::string text = fmt::format("The checkpoint was computed with {}: {}.", join(simd, blas), consequence);
  if (!blas.empty()) {
    text += fmt::format(" OPENBLAS_CORETYPE={} selects the same BLAS kernels on a processor that has them.",
                        then.blas_core);
  }
  return text;
}

void warn_of_different_bits(Logger& logger, const Arithmetic& then, const Arithmetic& now) {
  const std::string why = explain_different_bits(then, now);
  if (!why.empty()) logger.warn("{}", why);
}

}  // namespace srwm
