// What surrounds the vector code of sub-RNNs: their parameters as it wants them, messages and their gradients from
// sums.
#pragma once

#include <algorithm>

#include "ops/cpu/vsml_kernels.h"
#include "ops/vsml_steps.h"

namespace srwm::cpu {

/// One set of parameters as the kernels want them.
struct PackedSet {
  static constexpr std::int64_t size = vsml_gates + vsml_gates * vsml_cells + 2 * vsml_cells * vsml_cells + vsml_cells;

  const float* theta;  ///< the set
  float *beta, *w_t, *w_u, *w_u_t, *beta_u;
};

inline PackedSet pack_set(const Vsml& op, const float* theta, float* memory) {
  const VsmlOffsets at(op);
  PackedSet p{.theta = theta,
              .beta = memory,
              .w_t = memory + vsml_gates,
              .w_u = memory + vsml_gates + vsml_gates * vsml_cells,
              .w_u_t = memory + vsml_gates + (vsml_gates + vsml_cells) * vsml_cells,
              .beta_u = memory + vsml_gates + (vsml_gates + 2 * vsml_cells) * vsml_cells};
  const float* w = theta + 2 * op.message_size * vsml_gates;
  for (int k = 0; k < vsml_gates; ++k) {
    const int gate = k / vsml_cells;
    p.beta[k] = theta[at.beta + k] + (gate == 0 ? -5.0f : gate == 2 ? 5.0f : 0.0f);
    for (int r = 0; r < vsml_cells; ++r) p.w_t[k * vsml_cells + r] = w[r * vsml_gates + k];
  }
  for (int j = 0; j < vsml_cells; ++j) {
    const std::int64_t component = j % vsml_half, m = op.message_size;
    const bool live = component < m;
    p.beta_u[j] = live ? theta[(j < vsml_half ? at.beta_f : at.beta_b) + component] : 0.0f;
    for (int r = 0; r < vsml_cells; ++r) {
      const float value = live ? theta[(j < vsml_half ? at.w_f : at.w_b) + r * m + component] : 0.0f;
      p.w_u[r * vsml_cells + j] = p.w_u_t[j * vsml_cells + r] = value;
    }
  }
  return p;
}

/// The messages of one direction, of all sub-RNNs of a layer at once. sums [rows, 16] are those of h' over the `count`
/// sub-RNNs of a row, with layer norm those of the normalized messages, in the direction's half.
class Messenger {
 public:
  Messenger(const Vsml& op, bool forward, std::int64_t count) : op_(op), m_(op.message_size), count_(count) {
    const VsmlOffsets at(op);
    w_ = forward ? at.w_f : at.w_b;
    beta_ = forward ? at.beta_f : at.beta_b;
    gamma_ = forward ? at.gamma_f : at.gamma_b;
    delta_ = forward ? at.delta_f : at.delta_b;
    half_ = forward ? 0 : vsml_half;
    weight_ = op.sum_messages ? 1.0f : 1.0f / static_cast<float>(count);
  }

  /// `counts`: of how many sub-RNNs each row's sum is, if that is not `count`.
  void messages(const float* theta, std::int64_t rows, const float* sums, float* out,
                const float* counts = nullptr) const {
    for (std::int64_t i = 0; i < rows; ++i, sums += vsml_cells, out += m_) {
      const float all = weight_ * (counts != nullptr ? counts[i] : static_cast<float>(count_));
      for (std::int64_t j = 0; j < m_; ++j) {
        if (op_.layer_norm) {
          out[j] = theta[gamma_ + j] * weight_ * sums[half_ + j] + theta[delta_ + j] * all;
          continue;
        }
        float sum = 0;
        for (int r = 0; r < vsml_cells; ++r) sum += sums[r] * theta[w_ + r * m_ + j];
        out[j] = weight_ * sum + theta[beta_ + j] * all;
      }
    }
  }

  /// dL/dh' [rows, 16] of each sub-RNN of a row, or with layer norm dL/d its normalized messages.
  void of_cells(const float* theta, std::int64_t rows, const float* dL_dout, float* of) const {
    std::fill_n(of, rows * vsml_cells, 0.0f);
    if (dL_dout == nullptr) return;
    for (std::int64_t i = 0; i < rows; ++i, of += vsml_cells, dL_dout += m_) {
      for (std::int64_t j = 0; j < m_; ++j) {
        const float g = weight_ * dL_dout[j];
        if (op_.layer_norm) {
          of[half_ + j] = theta[gamma_ + j] * g;
          continue;
        }
        for (int r = 0; r < vsml_cells; ++r) of[r] += theta[w_ + r * m_ + j] * g;
      }
    }
  }

  /// Adds to the parameters' gradients; with layer norm dL_dw_u [16, 16] and dL_dbeta_u are those of the kernels.
  void parameters(std::int64_t rows, const float* dL_dout, const float* sums, const float* dL_dw_u,
                  const float* dL_dbeta_u, float* dL_dtheta, const float* counts = nullptr) const {
    for (std::int64_t i = 0; dL_dout != nullptr && i < rows; ++i, sums += vsml_cells, dL_dout += m_) {
      const float all = weight_ * (counts != nullptr ? counts[i] : static_cast<float>(count_));
      for (std::int64_t j = 0; j < m_; ++j) {
        dL_dtheta[(op_.layer_norm ? delta_ : beta_) + j] += all * dL_dout[j];
        if (op_.layer_norm) {
          dL_dtheta[gamma_ + j] += weight_ * dL_dout[j] * sums[half_ + j];
          continue;
        }
        for (int r = 0; r < vsml_cells; ++r) dL_dtheta[w_ + r * m_ + j] += sums[r] * weight_ * dL_dout[j];
      }
    }
    for (std::int64_t j = 0; op_.layer_norm && j < m_; ++j) {
      dL_dtheta[beta_ + j] += dL_dbeta_u[half_ + j];
      for (int r = 0; r < vsml_cells; ++r) dL_dtheta[w_ + r * m_ + j] += dL_dw_u[r * vsml_cells + half_ + j];
    }
  }

 private:
  const Vsml& op_;
  std::int64_t m_, count_, w_, beta_, gamma_, delta_;
  int half_;
  float weight_;
};

/// Rows of W for messages: z [rows, 64] += messages W, and back.
inline void add_message_terms(const VsmlMessages<const float>& messages, std::int64_t rows, const float* w, float* z) {
  for (std::int64_t i = 0; i < rows; ++i, z += vsml_gates) {
    for (std::int64_t j = 0; j < messages.live; ++j) {
      const float value = messages.data[i * messages.stride + j];
      for (int k = 0; k < vsml_gates; ++k) z[k] += value * w[j * vsml_gates + k];
    }
  }
}
inline void message_terms_backward(const VsmlMessages<const float>& messages, std::int64_t rows, const float* w,
                                   const float* dL_dz, float* dL_dw, const VsmlMessages<float>& dL_dmessages) {
  for (std::int64_t i = 0; i < rows; ++i, dL_dz += vsml_gates) {
    for (std::int64_t j = 0; j < messages.live; ++j) {
      const float value = messages.data[i * messages.stride + j];
      for (int k = 0; k < vsml_gates; ++k) dL_dw[j * vsml_gates + k] += value * dL_dz[k];
      if (dL_dmessages.data == nullptr) continue;
      float sum = 0;
      for (int k = 0; k < vsml_gates; ++k) sum += dL_dz[k] * w[j * vsml_gates + k];
      dL_dmessages.data[i * dL_dmessages.stride + j] += sum;
    }
  }
}

/// to [count] = the sum of the slices' rows, in their order.
inline void sum_parts(const float* parts, std::int64_t slices, std::int64_t stride, std::int64_t count, float* to) {
  std::copy_n(parts, count, to);
  for (std::int64_t s = 1; s < slices; ++s) {
    for (std::int64_t i = 0; i < count; ++i) to[i] += parts[s * stride + i];
  }
}

}  // namespace srwm::cpu
