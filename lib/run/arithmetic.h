// What computes: the device, the instruction set, the BLAS kernels. The last bits of a run depend on it.
#pragma once

#include <filesystem>
#include <string>

#include "ops/context.h"
#include "run/log.h"

namespace srwm {

/// Recorded in every checkpoint. The number of threads is not part of it: no result depends on that.
struct Arithmetic {
  std::string device;     ///< "cpu", "cuda:0"
  std::string gpu;        ///< its name, "NVIDIA H200"; empty on a CPU
  std::string simd;       ///< "base", "v3", "v4"; empty: unknown (checkpoint format 1)
  std::string blas_core;  ///< kernels of the BLAS library, "SkylakeX"; empty: unknown
};

Arithmetic arithmetic_of(const Context& context);

/// Makes this process compute with the instruction set of the checkpoint where this machine has it and the environment
/// variable SRWM_SIMD does not name another. Call it before anything computes. DataError if the checkpoint cannot be
/// read.
void choose_instruction_set(const std::filesystem::path& checkpoint);

/// Why a run that continues with `now` from a checkpoint made with `then` may end with other bits than an uninterrupted
/// one, and what to do about it: sentences, or empty. What is unknown is not compared.
std::string explain_different_bits(const Arithmetic& then, const Arithmetic& now);
/// The same as a warning in the log of a resumed run.
void warn_of_different_bits(Logger& logger, const Arithmetic& then, const Arithmetic& now);

}  // namespace srwm
