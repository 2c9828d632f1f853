// Checks shared by the ops that carry a state through a sequence: srwm, delta_net, lstm.
#pragma once

#include "core/tensor.h"

namespace srwm {

/// Throws ShapeError unless 1 <= groups and `groups` divides `batch`: sequence b starts from state b / (batch /
/// groups).
void expect_groups(const char* op, const char* what, std::int64_t groups, std::int64_t batch);

/// Throws ShapeError unless `reset` is absent or u8 [batch, steps].
void expect_reset(const char* op, const Tensor& reset, std::int64_t batch, std::int64_t steps);

/// Throws ShapeError unless there is at least one sequence and one step.
void expect_steps(const char* op, const char* what, std::int64_t batch, std::int64_t steps);

}  // namespace srwm
