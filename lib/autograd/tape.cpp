#include "autograd/tape.h"

#include "core/error.h"

namespace srwm {

Grad grad_for(Context& context, GradSlot* slot, const Tensor& value) {
  if (slot == nullptr) return {};
  if (slot->grad.absent()) slot->grad = context.empty(value.shape(), value.dtype());
  const GradMode mode = slot->written ? GradMode::accumulate : GradMode::overwrite;
  slot->written = true;
  return {slot->grad.reshaped(value.shape()), mode};  // reshaped variables share a slot
}

Variable Tape::leaf(Tensor value) {
  return Variable(std::move(value), recording() ? new_slot() : nullptr);
}

GradSlot* Tape::new_slot() {
  auto* node = new (room_for<SlotNode>()) SlotNode{{}, last_slot_};
  last_slot_ = node;
  return &node->slot;
}

void Tape::seed(const Variable& value, const Tensor& dL_dvalue) {
  SRWM_CHECK(value.slot() != nullptr, "backward from a variable that depends on nothing with a gradient");
  SRWM_CHECK(!value.slot()->written, "backward was run on this tape before");
  value.slot()->grad = dL_dvalue;
  value.slot()->written = true;
}

void Tape::backward(const Variable& loss) {
  SRWM_CHECK(loss.shape() == Shape{1}, "the loss has shape {}, not [1]", loss.shape().to_string());
  seed(loss, context_.full({1}, 1));
  run_backward();
}

void Tape::run_backward() {
  const NamedRange range(context_.queue(), "backward");
  for (Node* node = last_; node != nullptr; node = node->previous) node->backward(*this);
}

void Tape::clear() {
  while (last_ != nullptr) {
    Node* previous = last_->previous;
    last_->~Node();
    last_ = previous;
  }
  while (last_slot_ != nullptr) {
    SlotNode* previous = last_slot_->previous;
    last_slot_->~SlotNode();
    last_slot_ = previous;
  }
}

std::string Tape::place() const {
  return scope_ == nullptr ? std::string() : scope_->name_;
}

void Tape::show(const std::string& where, const char* op, const char* what, std::size_t index, const Tensor& tensor) {
  watcher_(where, op, fmt::format("{} {}", what, index), tensor);
}

}  // namespace srwm
