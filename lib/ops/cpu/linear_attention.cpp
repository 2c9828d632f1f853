#include "ops/linear_attention.h"

#include "ops/cpu/key_value_body.h"

namespace srwm::cpu {
namespace {

struct AdditiveMemory {
  using Op = LinearAttention;
  static const KeyValueKernels& kernels() { return linear_attention_kernels(); }
  static int head_size(int columns) { return columns / 3; }
};

}  // namespace

Body<LinearAttention> body_of(Tag<LinearAttention>) {
  return {KeyValueBody<AdditiveMemory>::forward, KeyValueBody<AdditiveMemory>::backward};
}

}  // namespace srwm::cpu
