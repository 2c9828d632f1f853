#include "nn/carried_core.h"

#include "ops/broadcast_add.h"
#include "ops/masked_fill.h"
#include "ops/scratch.h"
#include "ops/swap_axes.h"

namespace srwm {
namespace {

/// Uninitialized, for `batch` sequences; `shapes` are those for one.
CoreState empty_state(Context& context, const std::vector<Shape>& shapes, std::int64_t batch) {
  CoreState state;
  for (const Shape& one : shapes) {
    Shape shape{batch};
    for (int axis = 1; axis < one.rank(); ++axis) shape.push_back(one[axis]);
    state.push_back(context.empty(shape));
  }
  return state;
}

/// Items [begin, end) of every tensor.
CoreState rows_of(const CoreState& state, std::int64_t begin, std::int64_t end) {
  CoreState rows;
  for (std::size_t i = 0; i < state.size(); ++i) rows.push_back(state.at(i).value().rows(begin, end));
  return rows;
}

void copy(Context& context, const CoreState& to, const CoreState& from) {
  for (std::size_t i = 0; i < to.size(); ++i) context.copy(to.at(i).value(), from.at(i).value());
}

/// The state that is `shift` away from the initial one.
CoreState from_shift(Tape& tape, const CoreState& shift, const CoreState& initial) {
  CoreState state;
  for (std::size_t i = 0; i < shift.size(); ++i) {
    state.push_back(initial.at(i).absent() ? shift.at(i) : tape.apply(BroadcastAdd{}, {shift.at(i), initial.at(i)})[0]);
  }
  return state;
}

/// The inverse, without a gradient.
CoreState to_shift(Tape& tape, const CoreState& state, const CoreState& initial) {
  CoreState shift;
  for (std::size_t i = 0; i < state.size(); ++i) {
    const Tensor value = state.at(i).value();
    shift.push_back(initial.at(i).absent() ? Variable(value)
                                           : tape.apply(BroadcastAdd{.scale = -1}, {value, initial.at(i).value()})[0]);
  }
  return shift;
}

/// What a sequence begins with: the state handed in, or zeros.
void copy_initial(Context& context, const CoreState& to, const CoreState* from) {
  if (from != nullptr && !from->empty()) return copy(context, to, *from);
  for (std::size_t i = 0; i < to.size(); ++i) {
    const Tensor tensor = to.at(i).value();
    context.queue().zero(tensor.raw(), tensor.bytes());
  }
}

/// The state where no episode begins at step t, zeros where one does.
CoreState restarted(Tape& tape, const CoreState& state, const Tensor& reset, std::int64_t t) {
  CoreState result;
  for (std::size_t i = 0; i < state.size(); ++i) {
    result.push_back(tape.apply(MaskedFill{.mask = reset, .step = t}, {state.at(i)})[0]);
  }
  return result;
}

}  // namespace

CoreOutput CarriedCore::forward(Tape& tape, const CoreInput& input, ForwardMode mode) const {
  CoreInput absolute = input;
  CoreState before;
  if (input.state != nullptr && !input.state->empty()) {
    before = from_shift(tape, *input.state, core_->initial_state(tape));
    absolute.state = &before;
  }
  CoreOutput output = core_->forward(tape, absolute, mode);
  output.state = to_shift(tape, output.state, core_->initial_state(tape));
  return output;
}

CoreOutput StatelessCore::forward(Tape& tape, const CoreInput& input, ForwardMode mode) const {
  if (input.state_only) return {};
  const Shape shape = input.x.shape();
  const CoreInput steps{.x = input.x.reshaped({shape[0] * shape[1], 1, shape[2]}), .rows = input.rows};
  return {core_->forward(tape, steps, mode).y, {}};
}

CoreOutput PerStepCore::forward(Tape& tape, const CoreInput& input, ForwardMode mode) const {
  if (!tape.recording()) return core_.forward(tape, input, mode);
  const std::int64_t batch = input.x.shape()[0], steps = input.x.shape()[1], features = input.x.shape()[2];
  const Variable x = tape.apply(SwapAxes{}, {input.x})[0];
  const States states = states_of(tape.context(), x.value(), input, mode);
  if (input.state_only) return {{}, states.last};
  const Variable y =
      core_.forward(tape, {.x = x.reshaped({steps * batch, 1, features}), .state = &states.before}, mode).y;
  const Variable batch_first = tape.apply(SwapAxes{}, {y.reshaped({steps, batch, width()})})[0];
  return {select_rows(tape, batch_first, input.rows), states.last};
}

PerStepCore::States PerStepCore::states_of(Context& context, const Tensor& x, const CoreInput& input,
                                           ForwardMode mode) const {
  const std::int64_t steps = x.dim(0), batch = x.dim(1), features = x.dim(2);
  States states{empty_state(context, shapes_, steps * batch), empty_state(context, shapes_, batch)};
  copy_initial(context, states.last, input.state);
  Tape tape(context, Tape::Mode::forward_only);
  for (std::int64_t t = 0; t < steps; ++t) {
    const ScratchScope scope(context);
    const CoreState before = rows_of(states.before, t * batch, (t + 1) * batch);
    copy(context, before, input.reset ? restarted(tape, states.last, input.reset, t) : states.last);
    const CoreInput step{.x = x.rows(t, t + 1).reshaped({batch, 1, features}), .state = &before};
    copy(context, states.last, core_.forward(tape, step, mode).state);
  }
  return states;
}

std::unique_ptr<SequenceCore> carry(std::unique_ptr<SequenceCore> core, CarryKind kind, StateGradient gradient) {
  if (core->state_shapes(1).empty()) return core;
  if (kind == CarryKind::step) return std::make_unique<StatelessCore>(std::move(core));
  if (gradient == StateGradient::per_step) return std::make_unique<PerStepCore>(std::move(core));
  return std::make_unique<CarriedCore>(std::move(core));
}

}  // namespace srwm
