#include "ops/sequence.h"

#include "ops/op.h"

namespace srwm {

void expect_groups(const char* op, const char* what, std::int64_t groups, std::int64_t batch) {
  if (groups < 1 || batch % groups != 0) {
    shape_error(op, what, fmt::format("a number of initial states that divides the batch of {}", batch),
                fmt::format("{} initial states", groups));
  }
}

void expect_first_matrix(const char* op, const Tensor& matrix, std::int64_t heads, std::int64_t d, std::int64_t batch,
                         DType real) {
  if (!matrix) return;
  expect_real(op, "w_first", matrix, 4);
  const std::int64_t groups = matrix.dim(0);
  expect_tensor(op, "w_first", matrix, Shape{groups, heads, d, d}, real);
  expect_groups(op, "w_first", groups, batch);
}

void expect_reset(const char* op, const Tensor& reset, std::int64_t batch, std::int64_t steps) {
  if (reset) expect_tensor(op, "reset", reset, Shape{batch, steps}, DType::u8);
}

std::int64_t expect_three_per_head(const char* op, const char* what, const Tensor& tensor, std::int64_t heads) {
  const std::int64_t width = tensor.dim(2);
  if (heads < 1 || width < 1 || width % (3 * heads) != 0) {
    shape_error(op, what, fmt::format("[B, T, {} 3 d], for {} heads of size d", heads, heads),
                tensor.shape().to_string());
  }
  return width / (3 * heads);
}

void expect_steps(const char* op, const char* what, std::int64_t batch, std::int64_t steps) {
  if (batch < 1 || steps < 1) {
    shape_error(op, what, "at least one sequence of at least one step",
                fmt::format("{} sequences of {} steps", batch, steps));
  }
}

}  // namespace srwm
