#include "ops/math_probe.h"

#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

void exp_of(float* y, const float* x, int n) {
  for (int i = 0; i < n; i += lanes) store(y + i, exp(load(x + i)));
}
void sigmoid_of(float* y, const float* x, int n) {
  for (int i = 0; i < n; i += lanes) store(y + i, sigmoid(load(x + i)));
}
void tanh_of(float* y, const float* x, int n) {
  for (int i = 0; i < n; i += lanes) store(y + i, tanh(load(x + i)));
}

void quick_sigmoid_of(float* y, const float* x, int n) {
  for (int i = 0; i < n; i += lanes) store(y + i, quick_sigmoid(load(x + i)));
}
void quick_tanh_of(float* y, const float* x, int n) {
  for (int i = 0; i < n; i += lanes) store(y + i, quick_tanh(load(x + i)));
}

}  // namespace

const MathProbe math_probe{exp_of, sigmoid_of, tanh_of, quick_sigmoid_of, quick_tanh_of};

}  // namespace srwm::cpu::SRWM_SIMD
