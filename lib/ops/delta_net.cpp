#include "ops/delta_net.h"

#include "ops/sequence.h"

namespace srwm {

OutputSpecs<DeltaNet::outputs> DeltaNet::plan(const Tensors<inputs>& in) const {
  expect_real(name, "projected", in[projected], 3);
  const DType real = in[projected].dtype();
  const std::int64_t batch = in[projected].dim(0), steps = in[projected].dim(1), width = in[projected].dim(2);
  if (heads < 1 || width % heads != 0 || (width / heads) % 3 != 1 || width / heads < 4) {
    shape_error(name, "projected", fmt::format("[B, T, {} (3 d + 1)], for {} heads of size d", heads, heads),
                in[projected].shape().to_string());
  }
  const std::int64_t d = (width / heads - 1) / 3;
  expect_steps(name, "projected", batch, steps);
  expect_first_matrix(name, in[w_first], heads, d, batch, real);
  expect_reset(name, reset, batch, steps);
  return {{{Shape{batch, steps, heads * d}, real}, {Shape{batch, heads, d, d}, real}}};
}

}  // namespace srwm
