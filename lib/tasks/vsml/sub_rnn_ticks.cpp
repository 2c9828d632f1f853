#include "tasks/vsml/sub_rnn_ticks.h"

#include <cmath>

#include "core/error.h"

namespace srwm {
namespace {

float sigmoid(float z) {
  return 1 / (1 + std::exp(-z));
}

float dot(const Lanes& x, const Lanes& y) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) sum += x[n] * y[n];
  return sum;
}

float total(const Lanes& x) {
  float sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) sum += x[n];
  return sum;
}

void add_scaled(Lanes& to, float scale, const Lanes& x) {
  for (std::size_t n = 0; n < sub_rnn_lanes; ++n) to[n] += scale * x[n];
}

std::vector<Lanes> zeros(std::size_t count) {
  return std::vector<Lanes>(count, Lanes{});
}

}  // namespace

SubRnnTicks::SubRnnTicks(const Vsml& network)
    : n_{static_cast<std::size_t>(network.message_size), static_cast<std::size_t>(network.cell_size),
         static_cast<std::size_t>(network.micro_ticks)},
      offsets_(network) {
  SRWM_CHECK(!network.layer_norm, "layer norm {}", network.layer_norm);
}

SubRnnTick SubRnnTicks::empty_tick() const {
  const std::vector<std::vector<Lanes>> gates(n_.ticks, zeros(n_.state)), states(n_.ticks + 1, zeros(n_.state));
  const std::vector<Lanes> message = zeros(n_.message);
  return {message, message, message, message, states, states, gates, gates, gates, gates, gates};
}

/// What row k of W is multiplied with.
const Lanes& SubRnnTicks::input(const SubRnnTick& tick, std::size_t micro, std::size_t k) const {
  if (k < n_.message) return tick.forward_in[k];
  if (k < 2 * n_.message) return tick.backward_in[k - n_.message];
  return tick.h[micro][k - 2 * n_.message];
}

void SubRnnTicks::messages(const float* theta, const std::vector<Lanes>& h, std::vector<Lanes>& out, std::int64_t w,
                           std::int64_t beta) const {
  for (std::size_t m = 0; m < n_.message; ++m) {
    out[m].fill(theta[beta + static_cast<std::int64_t>(m)]);
    for (std::size_t s = 0; s < n_.state; ++s) {
      add_scaled(out[m], theta[w + static_cast<std::int64_t>(s * n_.message + m)], h[s]);
    }
  }
}

void SubRnnTicks::forward(const float* theta, SubRnnTick& tick, std::vector<Lanes>& h, std::vector<Lanes>& c) const {
  const std::size_t gates = 4 * n_.state, rows = 2 * n_.message + n_.state;
  std::vector<Lanes> z(gates);
  tick.h[0] = h;
  tick.c[0] = c;
  for (std::size_t micro = 0; micro < n_.ticks; ++micro) {
    for (std::size_t q = 0; q < gates; ++q) z[q].fill(theta[offsets_.beta + static_cast<std::int64_t>(q)]);
    for (std::size_t k = 0; k < rows; ++k) {
      const float* row = theta + offsets_.w + static_cast<std::int64_t>(k * gates);
      for (std::size_t q = 0; q < gates; ++q) add_scaled(z[q], row[q], input(tick, micro, k));
    }
    for (std::size_t s = 0; s < n_.state; ++s) {
      for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
        const float i = sigmoid(z[s][n] - 5), g = std::tanh(z[n_.state + s][n]);
        const float f = sigmoid(z[2 * n_.state + s][n] + 5), o = sigmoid(z[3 * n_.state + s][n]);
        const float cell = f * tick.c[micro][s][n] + i * g, tanh_c = std::tanh(cell);
        tick.i[micro][s][n] = i;
        tick.g[micro][s][n] = g;
        tick.f[micro][s][n] = f;
        tick.o[micro][s][n] = o;
        tick.tanh_c[micro][s][n] = tanh_c;
        tick.c[micro + 1][s][n] = cell;
        tick.h[micro + 1][s][n] = o * tanh_c;
      }
    }
  }
  h = tick.h[n_.ticks];
  c = tick.c[n_.ticks];
  messages(theta, h, tick.forward_out, offsets_.w_f, offsets_.beta_f);
  messages(theta, h, tick.backward_out, offsets_.w_b, offsets_.beta_b);
}

void SubRnnTicks::backward(const float* theta, const SubRnnTick& tick, SubRnnGradient& gradient,
                           float* dL_dtheta) const {
  const std::size_t gates = 4 * n_.state, rows = 2 * n_.message + n_.state;
  const auto through_messages = [&](const std::vector<Lanes>& dL_dout, std::int64_t w, std::int64_t beta) {
    for (std::size_t m = 0; m < n_.message; ++m) {
      dL_dtheta[beta + static_cast<std::int64_t>(m)] += total(dL_dout[m]);
      for (std::size_t s = 0; s < n_.state; ++s) {
        const std::int64_t at = w + static_cast<std::int64_t>(s * n_.message + m);
        dL_dtheta[at] += dot(tick.h[n_.ticks][s], dL_dout[m]);
        add_scaled(gradient.h[s], theta[at], dL_dout[m]);
      }
    }
  };
  through_messages(gradient.forward_out, offsets_.w_f, offsets_.beta_f);
  through_messages(gradient.backward_out, offsets_.w_b, offsets_.beta_b);
  std::vector<Lanes> dz(gates);
  for (std::size_t micro = n_.ticks; micro-- > 0;) {
    for (std::size_t s = 0; s < n_.state; ++s) {
      for (std::size_t n = 0; n < sub_rnn_lanes; ++n) {
        const float i = tick.i[micro][s][n], g = tick.g[micro][s][n], f = tick.f[micro][s][n];
        const float o = tick.o[micro][s][n], tanh_c = tick.tanh_c[micro][s][n], dh = gradient.h[s][n];
        const float dc = gradient.c[s][n] + dh * o * (1 - tanh_c * tanh_c);
        dz[s][n] = dc * g * i * (1 - i);
        dz[n_.state + s][n] = dc * i * (1 - g * g);
        dz[2 * n_.state + s][n] = dc * tick.c[micro][s][n] * f * (1 - f);
        dz[3 * n_.state + s][n] = dh * tanh_c * o * (1 - o);
        gradient.c[s][n] = dc * f;
      }
      gradient.h[s].fill(0);
    }
    for (std::size_t q = 0; q < gates; ++q) dL_dtheta[offsets_.beta + static_cast<std::int64_t>(q)] += total(dz[q]);
    for (std::size_t k = 0; k < rows; ++k) {
      const std::int64_t row = offsets_.w + static_cast<std::int64_t>(k * gates);
      for (std::size_t q = 0; q < gates; ++q) {
        const std::int64_t at = row + static_cast<std::int64_t>(q);
        dL_dtheta[at] += dot(input(tick, micro, k), dz[q]);
        if (k >= 2 * n_.message) add_scaled(gradient.h[k - 2 * n_.message], theta[at], dz[q]);
      }
    }
  }
}

}  // namespace srwm
