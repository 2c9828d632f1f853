#include "ops/cpu/lstm_kernels.h"

#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

/// Calls body(r, n) for the n <= lanes units from r on, until all are done.
template <typename Body>
void for_each_vector(std::int64_t hidden, const Body& body) {
  std::int64_t r = 0;
  for (; r + lanes <= hidden; r += lanes) body(r, lanes);
  if (r < hidden) body(r, static_cast<int>(hidden - r));
}

void forward(const LstmGates& s, const float* bias, float* h) {
  const std::int64_t hidden = s.hidden;
  for_each_vector(hidden, [&](std::int64_t r, int n) {
    const auto sum = [&](int gate) {
      return load_first(s.gates + gate * hidden + r, n) + load_first(bias + gate * hidden + r, n);
    };
    const Vec i = sigmoid(sum(0)), f = sigmoid(sum(1)), g = tanh(sum(2)), o = sigmoid(sum(3));
    // c_t = f c_{t-1} + i g,  h_t = o tanh(c_t)
    const Vec c_before = s.c_before ? load_first(s.c_before + r, n) : Vec{};
    const Vec c = f * c_before + i * g;
    store_first(s.gates + r, i, n);
    store_first(s.gates + hidden + r, f, n);
    store_first(s.gates + 2 * hidden + r, g, n);
    store_first(s.gates + 3 * hidden + r, o, n);
    store_first(s.c + r, c, n);
    store_first(h + r, o * tanh(c), n);
  });
}

void backward(const LstmGates& s, const float* dL_dh_all, float* dL_dc_all, float* dL_dz) {
  const std::int64_t hidden = s.hidden;
  for_each_vector(hidden, [&](std::int64_t r, int n) {
    const auto gate = [&](int which) { return load_first(s.gates + which * hidden + r, n); };
    const Vec i = gate(0), f = gate(1), g = gate(2), o = gate(3);
    const Vec dL_dh = load_first(dL_dh_all + r, n), tanh_c = tanh(load_first(s.c + r, n));
    // h_t = o tanh(c_t)
    const Vec dL_dc = load_first(dL_dc_all + r, n) + dL_dh * o * (1.0f - tanh_c * tanh_c);
    const Vec dL_do = dL_dh * tanh_c;
    // c_t = f c_{t-1} + i g
    const Vec c_before = s.c_before ? load_first(s.c_before + r, n) : Vec{};
    store_first(dL_dc_all + r, dL_dc * f, n);
    // i, f, o = sigmoid(z), g = tanh(z)
    store_first(dL_dz + r, dL_dc * g * i * (1.0f - i), n);
    store_first(dL_dz + hidden + r, dL_dc * c_before * f * (1.0f - f), n);
    store_first(dL_dz + 2 * hidden + r, dL_dc * i * (1.0f - g * g), n);
    store_first(dL_dz + 3 * hidden + r, dL_do * o * (1.0f - o), n);
  });
}

}  // namespace

const LstmKernels lstm_kernels{forward, backward};

}  // namespace srwm::cpu::SRWM_SIMD
