// What every optimizer does around its update.
#pragma once

#include <array>

#include "nn/parameters.h"
#include "ops/context.h"
#include "ops/update.h"

namespace srwm {

/// A parameter that received no gradient gets a zero one.
inline void zero_missing_gradients(Context& context, const ParameterSet& parameters) {
  for (const Parameter& p : parameters.parameters()) {
    if (!p.slot.written) context.queue().zero(p.slot.grad.raw(), p.slot.grad.bytes());
  }
}

/// Runs an update that notes in `ledger` what came of it, and reads that.
template <typename Update>
std::array<double, Ledger::size> ledger_after(Context& context, const Tensor& ledger, const Update& update) {
  std::array<double, Ledger::size> numbers{};
  context.upload(ledger, numbers.data());
  update();
  context.download(numbers.data(), ledger);
  return numbers;
}

}  // namespace srwm
