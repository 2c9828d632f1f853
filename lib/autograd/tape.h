// Reverse-mode differentiation: ops applied through a Tape are recorded, `backward` runs them in reverse.
#pragma once

#include <array>
#include <functional>
#include <memory>
#include <new>
#include <string>
#include <type_traits>

#include "ops/backend.h"
#include "ops/context.h"
#include "ops/op.h"

namespace srwm {

/// Where a gradient is collected. `written` tells the next contribution to add instead of overwrite.
struct GradSlot {
  Tensor grad;
  bool written = false;
};

/// A tensor on a tape. Without a slot no gradient is wanted for it.
class Variable {
 public:
  Variable() = default;
  /// A constant.
  Variable(Tensor value) : value_(std::move(value)) {}  // NOLINT(google-explicit-constructor): constants pass freely
  Variable(Tensor value, GradSlot* slot) : value_(std::move(value)), slot_(slot) {}

  const Tensor& value() const { return value_; }
  const Shape& shape() const { return value_.shape(); }
  /// The same elements, and the same gradient, under another shape.
  Variable reshaped(Shape shape) const { return Variable(value_.reshaped(shape), slot_); }
  bool absent() const { return value_.absent(); }
  GradSlot* slot() const { return slot_; }
  /// The gradient after Tape::backward; absent where none arrived.
  Tensor grad() const { return slot_ != nullptr && slot_->written ? slot_->grad : Tensor(); }

 private:
  Tensor value_;
  GradSlot* slot_ = nullptr;
};

template <int N>
using Variables = std::array<Variable, static_cast<std::size_t>(N)>;

/// Called after each op's forward and backward in a debugging pass: the place (name of the innermost scope), the op,
/// what the tensor is ("output 0", "gradient of input 1"), the tensor.
using TensorWatcher =
    std::function<void(const std::string& place, const char* op, const std::string& what, const Tensor&)>;

/// One forward pass. Nodes, saved tensors and gradients live in the context's step memory: destroy or `clear` the tape
/// before Context::rewind. Nothing is allocated from the heap.
class Tape {
 public:
  enum class Mode { record, forward_only };

  explicit Tape(Context& context, Mode mode = Mode::record) : context_(context), mode_(mode) {}
  ~Tape() { clear(); }
  Tape(const Tape&) = delete;
  Tape& operator=(const Tape&) = delete;

  Context& context() { return context_; }
  bool recording() const { return mode_ == Mode::record; }

  /// A variable whose gradient is wanted, for tests and states; parameters bring their own slots.
  Variable leaf(Tensor value);

  /// Checks the inputs, computes the outputs, records the op if a gradient is wanted for any input. Two inputs of one
  /// op must not be the same variable (their gradients would be written to one place at once): InternalError.
  template <typename Op>
  Variables<Op::outputs> apply(const Op& op, const Variables<Op::inputs>& in);

  /// Gradients of `loss` ([1]) with respect to everything it depends on that has a slot. Once per tape.
  void backward(const Variable& loss);
  /// The same from given gradients of several variables, dL_dvalue[i] of values[i].
  template <std::size_t N>
  void backward(const std::array<Variable, N>& values, const std::array<Tensor, N>& dL_dvalue);

  /// Forgets everything recorded.
  void clear();

  /// Sets the watcher of a debugging pass; an empty one turns it off.
  void watch(TensorWatcher watcher) { watcher_ = std::move(watcher); }

  /// Names a part of the model for the watcher while it lives; `name` must outlive it.
  class Scope {
   public:
    Scope(Tape& tape, const std::string& name) : tape_(tape), name_(name), outer_(tape.scope_) { tape.scope_ = this; }
    ~Scope() { tape_.scope_ = outer_; }
    Scope(const Scope&) = delete;
    Scope& operator=(const Scope&) = delete;

   private:
    friend class Tape;
    Tape& tape_;
    const std::string& name_;
    const Scope* outer_;
  };

 private:
  /// A recorded op; nodes form a list from the last to the first.
  struct Node {
    Node* previous = nullptr;
    virtual ~Node() = default;
    virtual void backward(Tape& tape) = 0;
    std::string place;  ///< filled in only while a watcher is set
  };
  template <typename Op>
  struct Recorded;
  /// Nodes live in step memory, which is not theirs to free.
  struct DestroyInPlace {
    void operator()(Node* node) const { node->~Node(); }
  };

  /// Uninitialized step memory on the host for a T.
  template <typename T>
  void* room_for() {
    return context_.host_scratch(sizeof(T));
  }
  GradSlot* new_slot();
  void seed(const Variable& value, const Tensor& dL_dvalue);
  void run_backward();
  std::string place() const;
  void show(const std::string& where, const char* op, const char* what, std::size_t index, const Tensor& tensor);

  struct SlotNode {
    GradSlot slot;
    SlotNode* previous;
  };

  Context& context_;
  Mode mode_;
  Node* last_ = nullptr;
  SlotNode* last_slot_ = nullptr;
  const Scope* scope_ = nullptr;
  TensorWatcher watcher_;
};

/// The gradient that backward writes for an input: to the slot itself, overwriting or adding.
Grad grad_for(Context& context, GradSlot* slot, const Tensor& value);

template <typename Op>
struct Tape::Recorded final : Tape::Node {
  Recorded(const Op& recorded_op, const Variables<Op::inputs>& variables) : op(recorded_op) {
    for (std::size_t i = 0; i < variables.size(); ++i) {
      in[i] = variables[i].value();
      in_slots[i] = variables[i].slot();
    }
  }

  void backward(Tape& tape) override {
    Tensors<Op::outputs> dL_dout;
    bool reached = false;
    for (std::size_t i = 0; i < dL_dout.size(); ++i) {
      if (out_slots[i]->written) dL_dout[i] = out_slots[i]->grad.reshaped(out[i].shape());
      reached |= out_slots[i]->written;
    }
    if (!reached) return;
    Grads<Op::inputs> dL_din;
    for (std::size_t i = 0; i < dL_din.size(); ++i) dL_din[i] = grad_for(tape.context_, in_slots[i], in[i]);
    {
      const NamedRange range(tape.context_.queue(), Op::name);
      tape.context_.backend().template body<Op>().backward(tape.context_, {op, in, out, saved, dL_dout, dL_din});
    }
    if (!tape.watcher_) return;
    for (std::size_t i = 0; i < dL_din.size(); ++i) {
      if (dL_din[i].wanted()) tape.show(place, Op::name, "gradient of input", i, dL_din[i].value);
    }
  }

  Op op;
  Tensors<Op::inputs> in;
  Tensors<Op::outputs> out;
  typename Op::Saved saved;
  std::array<GradSlot*, static_cast<std::size_t>(Op::inputs)> in_slots{};
  std::array<GradSlot*, static_cast<std::size_t>(Op::outputs)> out_slots{};
};

template <typename Op>
Variables<Op::outputs> Tape::apply(const Op& op, const Variables<Op::inputs>& in) {
  for (std::size_t i = 1; i < in.size(); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      SRWM_CHECK(in[i].slot() == nullptr || in[i].slot() != in[j].slot(), "{}: inputs {} and {} are one variable",
                 Op::name, j, i);
    }
  }
  // Owned until it is recorded, so that it goes away if a check throws or no gradient is wanted.
  std::unique_ptr<Recorded<Op>, DestroyInPlace> node(new (room_for<Recorded<Op>>()) Recorded<Op>(op, in));
  const auto plan = op.plan(node->in);
  for (std::size_t i = 0; i < plan.size(); ++i) node->out[i] = context_.empty(plan[i].shape, plan[i].dtype);
  {
    const NamedRange range(context_.queue(), Op::name);
    context_.backend().template body<Op>().forward(context_, {node->op, node->in, node->out, node->saved});
  }

  bool wanted = false;
  for (const GradSlot* slot : node->in_slots) wanted |= slot != nullptr;
  const bool record = recording() && wanted;
  Variables<Op::outputs> result;
  for (std::size_t i = 0; i < result.size(); ++i) {
    if (record) node->out_slots[i] = new_slot();
    result[i] = Variable(node->out[i], node->out_slots[i]);
    if (watcher_) show(place(), Op::name, "output", i, node->out[i]);
  }
  if (record) {
    if (watcher_) node->place = place();
    node->previous = last_;
    last_ = node.release();
  }
  return result;
}

template <std::size_t N>
void Tape::backward(const std::array<Variable, N>& values, const std::array<Tensor, N>& dL_dvalue) {
  for (std::size_t i = 0; i < N; ++i) seed(values[i], dL_dvalue[i]);
  run_backward();
}

}  // namespace srwm
