// One kernel source, several instruction sets, chosen when the program runs.
//
// A kernel source (listed with srwm_simd_sources in CMakeLists.txt) is compiled once per level with SRWM_SIMD set to
// the level's name and SRWM_SIMD_BYTES to its vector width. It puts its functions into namespace SRWM_SIMD and
// publishes them as one table of function pointers:
//
//   // norm_kernels.h                                   // norm_kernels.cpp
//   struct NormKernels {                                #include "ops/cpu/norm_kernels.h"
//     void (*scale)(float* y, float a, long n);         #include "ops/cpu/simd.h"
//   };                                                  namespace srwm::cpu::SRWM_SIMD {
//   SRWM_DECLARE_KERNELS(NormKernels, norm_kernels)     namespace { void scale(float* y, float a, long n) {...} }
//                                                       const NormKernels norm_kernels{scale};
//                                                       }
// Callers say norm_kernels().scale(...).
//
// Because the linker keeps one copy of an inline function, a kernel source must not instantiate what ordinary sources
// instantiate too: it takes pointers and sizes, and includes only simd.h, <cstdint> and its own headers.
#pragma once

namespace srwm::cpu {

/// Instruction sets kernels are compiled for: the baseline of the platform, x86-64-v3 (AVX2, FMA), x86-64-v4 (AVX-512).
enum class SimdLevel { base, v3, v4 };

/// The level that kernels compute with: that of set_simd_level, else of SRWM_SIMD (simd_request.h), else the machine's
/// best.
SimdLevel simd_level();
/// The best level this machine has.
SimdLevel machine_simd_level();
/// Changes the level for the whole process. Call it before anything computes; the machine must have the level.
void set_simd_level(SimdLevel level);

const char* name_of(SimdLevel level);

/// An instruction set that this machine lacks though the whole program was compiled for it (-march=native elsewhere),
/// or nullptr: a program compiled for the baseline runs on every machine of its kind.
const char* missing_instruction_set();

#ifdef __x86_64__
#define SRWM_DECLARE_KERNELS(Table, name)                    \
  namespace v4 {                                             \
  extern const Table name;                                   \
  }                                                          \
  namespace v3 {                                             \
  extern const Table name;                                   \
  }                                                          \
  namespace base {                                           \
  extern const Table name;                                   \
  }                                                          \
  inline const Table& name(SimdLevel level = simd_level()) { \
    if (level == SimdLevel::v4) return v4::name;             \
    return level == SimdLevel::v3 ? v3::name : base::name;   \
  }
#else
#define SRWM_DECLARE_KERNELS(Table, name)                 \
  namespace base {                                        \
  extern const Table name;                                \
  }                                                       \
  inline const Table& name(SimdLevel = SimdLevel::base) { \
    return base::name;                                    \
  }
#endif

}  // namespace srwm::cpu
