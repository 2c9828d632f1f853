#include "ops/delta_net.h"

#include "ops/cpu/key_value_body.h"

namespace srwm::cpu {
namespace {

struct DeltaNetMemory {
  using Op = DeltaNet;
  static const KeyValueKernels& kernels() { return delta_net_kernels(); }
  static int head_size(int columns) { return (columns - 1) / 3; }
};

}  // namespace

Body<DeltaNet> body_of(Tag<DeltaNet>) {
  return {KeyValueBody<DeltaNetMemory>::forward, KeyValueBody<DeltaNetMemory>::backward};
}

}  // namespace srwm::cpu
