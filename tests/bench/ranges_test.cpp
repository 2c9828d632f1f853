// Ranges for profilers, under the emulator, which counts them.
#include <catch2/catch.hpp>
#include <nvtx3/nvToolsExt.h>

#include "autograd/tape.h"
#include "ops/cuda/backend.h"
#include "ops/relu.h"

using namespace srwm;

TEST_CASE("every op and every pass back is a range for profilers, and all of them are closed", "[device]") {
  Context context(cuda_backend(0), DType::f32, 1);
  const emulator::Ranges before = emulator::ranges();
  {
    Tape tape(context);
    const auto [y] = tape.apply(Relu{}, {tape.leaf(context.zeros({3, 4}))});
    tape.backward(std::array{y}, std::array{context.zeros({3, 4})});
    context.queue().synchronize();
  }
  CHECK(emulator::ranges().begun - before.begun == 3);  // relu, backward, relu in it
  CHECK(emulator::ranges().open == before.open);
}
