// Checks shared by the ops that carry a state through a sequence: srwm, delta_net, linear_attention,
// softmax_attention, lstm.
#pragma once

#include "core/tensor.h"

namespace srwm {

/// Throws ShapeError unless 1 <= groups and `groups` divides `batch`: sequence b starts from state b / (batch /
/// groups).
void expect_groups(const char* op, const char* what, std::int64_t groups, std::int64_t batch);

/// Throws ShapeError unless `matrix` is absent or [G, heads, d, d] of type `real` with G dividing `batch`.
void expect_first_matrix(const char* op, const Tensor& matrix, std::int64_t heads, std::int64_t d, std::int64_t batch,
                         DType real);

/// Throws ShapeError unless `reset` is absent or u8 [batch, steps].
void expect_reset(const char* op, const Tensor& reset, std::int64_t batch, std::int64_t steps);

/// d of a tensor [B, T, 3 heads d] that holds q, k and v of size d head by head; throws ShapeError if it is none.
std::int64_t expect_three_per_head(const char* op, const char* what, const Tensor& tensor, std::int64_t heads);

/// Throws ShapeError unless there is at least one sequence and one step.
void expect_steps(const char* op, const char* what, std::int64_t batch, std::int64_t steps);

}  // namespace srwm
