#include "ops/cpu/simd_level.h"

#include <atomic>
#include <cstdlib>

#include "core/error.h"
#include "ops/cpu/simd_request.h"

namespace srwm::cpu {
namespace {

/// A SimdLevel, or -1 as long as nobody has asked for it or set it.
std::atomic<int> level_in_use{-1};

// Asks for the features one by one: Clang before 18 knows no names for the levels.
SimdLevel ask_processor() {
#ifdef __x86_64__
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("bmi") &&
                  __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  if (v4) return SimdLevel::v4;
  if (v3) return SimdLevel::v3;
#endif
  return SimdLevel::base;
}

}  // namespace

SimdLevel machine_simd_level() {
  static const SimdLevel level = ask_processor();
  return level;
}

SimdLevel simd_level() {
  const int level = level_in_use.load(std::memory_order_relaxed);
  if (level >= 0) return static_cast<SimdLevel>(level);
  set_simd_level(requested_simd_level().value_or(machine_simd_level()));
  return simd_level();
}

void set_simd_level(SimdLevel level) {
  SRWM_CHECK(level <= machine_simd_level(), "this machine has no instruction set {}", name_of(level));
  level_in_use = static_cast<int>(level);
}

const char* name_of(SimdLevel level) {
  switch (level) {
    case SimdLevel::v4:
      return "v4";
    case SimdLevel::v3:
      return "v3";
    case SimdLevel::base:
      break;
  }
  return "base";
}

#define SRWM_REQUIRE_INSTRUCTIONS(feature) \
  if (!__builtin_cpu_supports(feature)) return feature

const char* missing_instruction_set() {
#ifdef __SSE4_2__
  SRWM_REQUIRE_INSTRUCTIONS("sse4.2");
#endif
#ifdef __AVX__
  SRWM_REQUIRE_INSTRUCTIONS("avx");
#endif
#ifdef __AVX2__
  SRWM_REQUIRE_INSTRUCTIONS("avx2");
#endif
#ifdef __FMA__
  SRWM_REQUIRE_INSTRUCTIONS("fma");
#endif
#ifdef __BMI2__
  SRWM_REQUIRE_INSTRUCTIONS("bmi2");
#endif
#ifdef __AVX512F__
  SRWM_REQUIRE_INSTRUCTIONS("avx512f");
#endif
#ifdef __AVX512VL__
  SRWM_REQUIRE_INSTRUCTIONS("avx512vl");
#endif
#ifdef __AVX512BW__
  SRWM_REQUIRE_INSTRUCTIONS("avx512bw");
#endif
  return nullptr;
}

#undef SRWM_REQUIRE_INSTRUCTIONS

}  // namespace srwm::cpu
