// Model and optimizer as parts of a checkpoint, and back.
#pragma once

#include <string>

#include "nn/parameters.h"
#include "optim/optimizer.h"
#include "run/checkpoint.h"
#include "spec/spec.h"

namespace srwm {

/// Model and optimizer tensors and the number of steps, on the host; on the CPU the tensors share memory with the
/// model.
Checkpoint snapshot(Context& context, const ParameterSet& parameters, const Optimizer& optimizer);

/// Copies the model's tensors from a checkpoint. DataError naming the tensor if one is missing or has
/// another shape.
void restore_model(Context& context, const Checkpoint& checkpoint, const ParameterSet& parameters);
/// The same for the optimizer, its number of steps included.
void restore_optimizer(Context& context, const Checkpoint& checkpoint, Optimizer& optimizer);

/// A run may be resumed with other values of the keys that its task names (SpecKeys::free_on_resume); with anything
/// else changed it would be a different run: SpecError naming the keys. DataError if the digest of the data differs.
void check_resumable(const Checkpoint& checkpoint, const AnySpec& spec, const std::string& data_digest);

/// A number that every checkpoint of a training run has under /progress. DataError if it is missing, as in a checkpoint
/// that was converted from PyTorch.
std::int64_t stored_count(const Checkpoint& checkpoint, const std::string& name);
double stored_real(const Checkpoint& checkpoint, const std::string& name);

}  // namespace srwm
