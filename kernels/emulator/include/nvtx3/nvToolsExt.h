// The part of NVTX that this project uses, for the emulator: ranges are counted, so that tests see whether they close.
#pragma once

namespace srwm::emulator {

/// Ranges that this thread has begun so far, and those of them that are open.
struct Ranges {
  int begun = 0, open = 0;
};
inline Ranges& ranges() {
  thread_local Ranges ranges;
  return ranges;
}

}  // namespace srwm::emulator

inline int nvtxRangePushA(const char*) {
  ++srwm::emulator::ranges().begun;
  return srwm::emulator::ranges().open++;
}
inline int nvtxRangePop() {
  return --srwm::emulator::ranges().open;
}
