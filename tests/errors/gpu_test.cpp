// Provokes every entry of the section "GPUs" of docs/errors.md, on the GPU that the emulator pretends to be.
#include <catch2/catch.hpp>

#include "core/error.h"
#include "errors/errors_page.h"
#include "ops/backend.h"
#include "ops/cuda/backend.h"
#include "ops/cuda/queue.h"
#include "ops/vsml.h"

using namespace srwm;
using srwm::test::ErrorSection;

TEST_CASE("errors about GPUs are those of docs/errors.md") {
  ErrorSection section("GPUs");
  emulator::pretend_gpus(0);
  section.provoke([] { cuda_backend(0); });
  emulator::pretend_gpus(1);
  section.provoke([] { cuda_backend(1); });
  section.provoke([] { cuda_backend(0).memory->allocate(std::size_t{1} << 60); });
  section.provoke([] { cuda::Queue(1); });
  section.provoke([] {
    Context context(cuda_backend(0), DType::f32, 1);
    Vsml op;
    op.layers[0] = {.in = 4, .out = 2};
    op.reverse_tick = true;
    Vsml::Saved saved;
    cuda_backend(0).body<Vsml>().forward(context, {op, {}, {}, saved});
  });
  section.provoke([] { cuda::check(CUBLAS_STATUS_NOT_INITIALIZED, "starting cuBLAS"); });
}
