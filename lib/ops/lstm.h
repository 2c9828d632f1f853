// Long short-term memory (Hochreiter, Schmidhuber, 1997; forget gate: Gers et al., 2000), one layer, as torch.nn.LSTM.
#pragma once

#include "ops/op.h"

namespace srwm {

/// [i, f, g, o] = w_ih x_t + b_ih + w_hh h_{t-1} + b_hh (rows stacked in this order, H each)
/// c_t = sigmoid(f) c_{t-1} + sigmoid(i) tanh(g),  h_t = sigmoid(o) tanh(c_t)
/// Inputs: x [B, T, I], w_ih [4H, I], w_hh [4H, H], b_ih, b_hh [4H]; h_first, c_first [G, H] with G dividing B as for
/// Srwm, or both absent for zeros. Where reset[b, t] is 1, h and c are set to zero before step t.
/// Outputs: y [B, T, H] = h_t, h_last and c_last [B, H].
struct Lstm {
  static constexpr const char* name = "lstm";
  static constexpr int inputs = 7, outputs = 3;
  enum In { x, w_ih, w_hh, b_ih, b_hh, h_first, c_first };
  enum Out { y, h_last, c_last };
  Tensor reset;  ///< u8 [B, T] of 0 and 1, or absent

  struct Saved {
    Tensor gates;     // activated i, f, g, o per step
    Tensor cells;     // c_t per step
    Tensor h_before;  // h_{t-1} as step t saw it, where the body keeps it
  };

  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

/// What the shapes of the inputs come to, for the bodies.
struct LstmSizes {
  explicit LstmSizes(const Tensors<Lstm::inputs>& in)
      : batch(in[Lstm::x].dim(0)),
        steps(in[Lstm::x].dim(1)),
        width(in[Lstm::x].dim(2)),
        hidden(in[Lstm::w_hh].dim(1)),
        groups(in[Lstm::h_first] ? in[Lstm::h_first].dim(0) : 1) {}

  std::int64_t batch, steps, width, hidden, groups;

  /// Number of step t of sequence b in [B, T].
  std::int64_t step(std::int64_t b, std::int64_t t) const { return b * steps + t; }
  /// Offset in h_first and c_first of the state that sequence b begins with.
  std::int64_t first_state(std::int64_t b) const { return b / (batch / groups) * hidden; }
};

/// Whether h and c are set to zero before a step (numbered as by LstmSizes::step).
inline bool resets(const Lstm& op, std::int64_t step) {
  return op.reset && op.reset.data<std::uint8_t>()[step] != 0;
}

}  // namespace srwm
