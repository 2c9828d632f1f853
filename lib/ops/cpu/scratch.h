// Memory for each thread of a body.
#pragma once

#include "core/thread_pool.h"
#include "ops/scratch.h"

namespace srwm::cpu {

/// A piece of step memory for each thread of the coming parallel_for. Pieces are an odd number of cache lines apart.
class ThreadScratch {
 public:
  ThreadScratch(Context& context, std::int64_t floats)
      : stride_((floats / 16 | 1) * 16 + 32),
        memory_(context.empty({context.threads(), stride_}, DType::f32)),
        data_(memory_.data<float>()) {}

  /// The calling thread's piece; inside a parallel_for or outside of any.
  float* mine() const { return data_ + pool::thread_number() * stride_; }

 private:
  std::int64_t stride_;
  Tensor memory_;
  float* data_;
};

}  // namespace srwm::cpu
