// Work that a device repeats.
#pragma once

#include <algorithm>
#include <functional>
#include <memory>
#include <utility>
#include <vector>

#include "ops/context.h"

namespace srwm {

/// Work with the same launches on the same memory each time, distinguished by a key: done once as it is, then recorded,
/// then replayed. Where nothing can be recorded, and in an eager context, it is done as it is every time; the numbers
/// are the same. Result names where the work leaves its outcome: step memory at the same addresses each time.
template <typename Key, typename Result>
class RepeatedWork {
 public:
  template <typename Work>
  Result perform(Context& context, const Key& key, const Work& work) {
    if (context.eager() || !context.queue().records()) return work();
    const auto known = std::ranges::find(known_, key, &Known::key);
    if (known == known_.end()) {
      // The first time for real: it may ask for memory, which a recording must not.
      known_.push_back({key, {}, nullptr});
      return work();
    }
    if (!known->recording) known->recording = context.queue().record([&] { known->result = work(); });
    context.queue().replay(*known->recording);
    return known->result;
  }

 private:
  struct Known {
    Key key;
    Result result;
    std::unique_ptr<DeviceQueue::Recording> recording;
  };
  std::vector<Known> known_;
};

}  // namespace srwm
