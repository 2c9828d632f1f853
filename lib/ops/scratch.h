// Memory that a body needs only while it runs.
#pragma once

#include "ops/context.h"

namespace srwm {

/// Gives back, at the end of its life, all step memory that was taken from the context since its construction. On a
/// GPU what takes it next is queued after the work that used it.
class ScratchScope {
 public:
  explicit ScratchScope(Context& context) : arena_(context.arena()), mark_(arena_.mark()) {}
  ~ScratchScope() { arena_.rewind(mark_); }
  ScratchScope(const ScratchScope&) = delete;
  ScratchScope& operator=(const ScratchScope&) = delete;

 private:
  Arena& arena_;
  Arena::Mark mark_;
};

}  // namespace srwm
