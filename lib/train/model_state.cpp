#include "train/model_state.h"

#include <memory>

#include "core/error.h"
#include "spec/differences.h"
#include "spec/fields.h"
#include "spec/parse.h"

namespace srwm {
namespace {

template <typename Map>
auto stored(const Checkpoint& checkpoint, const Map& values, const std::string& name) {
  const auto entry = values.find(name);
  if (entry != values.end()) return entry->second;
  throw DataError(
      "{} holds a model but not the state of a training run (/progress has no \"{}\"), so it cannot be "
      "resumed. Start a new run from it with --init-from.",
      checkpoint.path.string(), name);
}

}  // namespace

Checkpoint snapshot(Context& context, const ParameterSet& parameters, const Optimizer& optimizer) {
  Checkpoint checkpoint;
  for (const Parameter& p : parameters.parameters()) checkpoint.model.push_back({p.name, context.on_host(p.value)});
  for (const StateTensor& s : parameters.states()) checkpoint.model.push_back({s.name, context.on_host(s.value)});
  for (const NamedTensor& entry : optimizer.state()) {
    checkpoint.optimizer.push_back({entry.name, context.on_host(entry.tensor)});
  }
  checkpoint.progress.step = optimizer.steps_done();
  return checkpoint;
}

void restore_model(Context& context, const Checkpoint& checkpoint, const ParameterSet& parameters) {
  for (const Parameter& p : parameters.parameters())
    restore_tensor(context, checkpoint, &Checkpoint::model, p.name, p.value);
  for (const StateTensor& s : parameters.states())
    restore_tensor(context, checkpoint, &Checkpoint::model, s.name, s.value);
}

void restore_optimizer(Context& context, const Checkpoint& checkpoint, Optimizer& optimizer) {
  for (const NamedTensor& entry : optimizer.state()) {
    restore_tensor(context, checkpoint, &Checkpoint::optimizer, entry.name, entry.tensor);
  }
  optimizer.set_steps_done(checkpoint.progress.step);
}

void check_resumable(const Checkpoint& checkpoint, const AnySpec& spec, const std::string& data_digest) {
  const SpecKeys& keys = spec.keys();
  const std::unique_ptr<AnySpec> then = parse_spec_of(keys, checkpoint.spec_json, checkpoint.path.string());
  const std::string changed = list_differences(*then, spec, keys.free_on_resume());
  if (!changed.empty()) {
    throw SpecError(
        "{} was made with another spec and cannot be resumed with this one:{}\nUse the old values, or another "
        "--run-dir for a new run (with --init-from to start from this model).",
        checkpoint.path.string(), changed);
  }
  if (checkpoint.data_digest != data_digest) {
    throw DataError(
        "{} was made with data of digest {}, but the data found now has {}: the files differ. Give the "
        "original data with --data-dir.",
        checkpoint.path.string(), checkpoint.data_digest, data_digest);
  }
}

std::int64_t stored_count(const Checkpoint& checkpoint, const std::string& name) {
  return stored(checkpoint, checkpoint.progress.counters, name);
}

double stored_real(const Checkpoint& checkpoint, const std::string& name) {
  return stored(checkpoint, checkpoint.progress.reals, name);
}

}  // namespace srwm
