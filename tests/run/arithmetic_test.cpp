#include "run/arithmetic.h"

#include <cstdlib>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "ops/cpu/simd_request.h"
#include "run/checkpoint.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
using cpu::SimdLevel;

namespace {

const Arithmetic on_cpu{.device = "cpu", .gpu = "", .simd = "v4", .blas_core = "SkylakeX"};
const Arithmetic on_gpu{.device = "cuda:0", .gpu = "NVIDIA H200", .simd = "v4", .blas_core = "SkylakeX"};

/// SRWM_SIMD and the level in use, which are put back.
struct SimdGuard {
  SimdLevel level = cpu::simd_level();
  explicit SimdGuard(const char* value) { ::setenv("SRWM_SIMD", value, 1); }
  ~SimdGuard() {
    ::unsetenv("SRWM_SIMD");
    cpu::set_simd_level(level);
  }
};

std::filesystem::path checkpoint_with(const TempDir& dir, const std::string& simd) {
  Checkpoint checkpoint;
  checkpoint.model = {{"w", Tensor::owning({1}, DType::f32)}};
  checkpoint.arithmetic = {.device = "cpu", .gpu = "", .simd = simd, .blas_core = "x"};
  save_checkpoint(dir / "a.h5", checkpoint);
  return dir / "a.h5";
}

}  // namespace

TEST_CASE("what changes the bits of a resumed run is named, and how to have them again", "[arithmetic]") {
  Arithmetic other = on_cpu;
  CHECK(explain_different_bits(on_cpu, other).empty());
  other.simd = "v3";
  CHECK_THAT(explain_different_bits(other, on_cpu), Contains("the instruction set v3 (now v4): results can differ"));
  other.blas_core = "Haswell";
  CHECK_THAT(
      explain_different_bits(other, on_cpu),
      Contains("v3 (now v4) and the BLAS kernels Haswell (now SkylakeX)") && Contains("OPENBLAS_CORETYPE=Haswell"));
  CHECK_THAT(explain_different_bits(on_cpu, on_gpu), Contains("on the device cpu (now cuda)"));
  other = on_gpu;
  other.device = "cuda:1";
  other.simd = "v3";
  CHECK(explain_different_bits(on_gpu, other).empty());
  other.gpu = "NVIDIA A100";
  CHECK_THAT(explain_different_bits(on_gpu, other), Contains("on the GPU NVIDIA H200 (now NVIDIA A100)"));
}

TEST_CASE("what a checkpoint of format 1 does not say is not compared", "[arithmetic]") {
  CHECK(explain_different_bits({.device = "cpu", .gpu = "", .simd = "", .blas_core = ""}, on_cpu).empty());
}

TEST_CASE("a run is resumed with the instruction set of its checkpoint", "[arithmetic]") {
  const TempDir dir;
  const SimdGuard guard("");
  choose_instruction_set(checkpoint_with(dir, "base"));
  CHECK(cpu::simd_level() == SimdLevel::base);
  choose_instruction_set(checkpoint_with(dir, "v9"));  // of a newer srwm
  CHECK(cpu::simd_level() == SimdLevel::base);
  CHECK_THROWS_AS(choose_instruction_set(dir / "none.h5"), DataError);
}

TEST_CASE("SRWM_SIMD comes before the checkpoint, and must be the name of an instruction set", "[arithmetic]") {
  const TempDir dir;
  const SimdGuard guard("base");
  CHECK(cpu::requested_simd_level() == SimdLevel::base);
  const SimdLevel before = cpu::simd_level();
  choose_instruction_set(checkpoint_with(dir, cpu::name_of(cpu::machine_simd_level())));
  CHECK(cpu::simd_level() == before);
  ::setenv("SRWM_SIMD", "avx2", 1);
  CHECK_THROWS_AS(cpu::requested_simd_level(), UsageError);
  if (cpu::machine_simd_level() < SimdLevel::v4) {
    ::setenv("SRWM_SIMD", "v4", 1);
    CHECK_THROWS_AS(cpu::requested_simd_level(), DeviceError);
  }
}
