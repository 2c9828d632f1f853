// Variable Shared Meta Learning: a network each of whose weights is a small LSTM ("sub-RNN"), all of them sharing their
// parameters, so that running it forward is learning (Kirsch, Schmidhuber, "Meta Learning Backpropagation And Improving
// It", NeurIPS 2021).
#pragma once

#include "ops/op.h"

namespace srwm {

/// A layer of a Vsml network: dense, or a 3 x 3 convolution with zero padding.
struct VsmlLayer {
  std::int64_t in = 0, out = 0;        ///< inputs and outputs of a dense layer; channels of a convolution
  std::int64_t height = 0, width = 0;  ///< of a convolution's input; 0: dense
  std::int64_t stride = 1;             ///< of a convolution

  bool convolution() const { return height > 0; }
  std::int64_t kernel() const { return convolution() ? 3 : 1; }
  std::int64_t taps() const { return kernel() * kernel(); }
  std::int64_t out_height() const { return convolution() ? (height + stride - 1) / stride : 1; }
  std::int64_t out_width() const { return convolution() ? (width + stride - 1) / stride : 1; }
  std::int64_t positions_in() const { return convolution() ? height * width : 1; }
  std::int64_t positions_out() const { return out_height() * out_width(); }
  std::int64_t inputs() const { return positions_in() * in; }     ///< forward messages coming in
  std::int64_t outputs() const { return positions_out() * out; }  ///< forward messages going out
  std::int64_t sub_rnns() const { return taps() * in * out; }     ///< that have a state
};

/// T online steps (predict, see the label, learn) of N runs: networks of sub-RNNs, each run with its parameters on its
/// episode.
///
/// One sub-RNN, with messages of size M, a state h, c of size S and parameters W [2M+S, 4S], beta [4S], W_f [S, M],
/// beta_f [M], W_b [S, M], beta_b [M]:
///     [i, g, f, o] = [m_fwd, m_bwd, h] W + beta
///     c' = sigmoid(f + 5) c + sigmoid(i - 5) tanh(g),   h' = sigmoid(o) tanh(c')
///     u_fwd = h' W_f + beta_f,   u_bwd = h' W_b + beta_b
/// With `layer_norm`, u_fwd <- gamma_f (u_fwd - mean) / sqrt(var + 1e-5) + delta_f over its M components, and u_bwd
/// with gamma_b, delta_b.
///
/// A dense layer has a sub-RNN per pair (input a, output b). One tick: `micro_ticks` times the cell above on
/// m_fwd[a], m_bwd[b] and the pair's state; then out_fwd[b] = mean over a of u_fwd[a, b], out_bwd[a] = mean over b of
/// u_bwd[a, b] (sums with `sum_messages`). A convolution has one per (row of the kernel, column, channel in, channel
/// out), which runs at every output position on the message of the input position below it (zeros outside); the new
/// state is the mean over the positions, after each micro tick; out_fwd is the mean over channels in and all nine taps;
/// out_bwd of an input position is the mean over channels out, and over nine taps, of what comes back from the
/// output positions that it feeds. `published_conv_mask`: as in the authors' code, what comes back from output position
/// q of an axis is dropped unless q * stride < floor(size / stride).
///
/// A step t of a network of L layers, with image x_t and a record e [O, 2] per stream, e = 0 at first:
///     layer 1: m_fwd[a] = [x_a, 0, ...];  layer L: m_bwd[b] = [e_b0, e_b1, 0, ...]
///     for k = 1..L: tick; out_fwd is m_fwd of layer k + 1; out_bwd is m_bwd of layer k - 1 in its next tick (0 at
///     first) logits_b = bound tanh(out_fwd_L[b, output_index] / bound)     (bound 0: out_fwd_L[b, output_index]) e_b0
///     = (softmax(logits)_b - [b = target]) / K,  e_b1 = [b = target] if feed_label, else 0
/// With `reverse_tick` a second tick follows at once, on x_t and this e, layers visited L..1, out_bwd handed on in that
/// order, its out_fwd dropped; then e = 0. A step without a label (target -1) leaves e = 0.
/// With K > 1 `streams` a run sees K sequences in parallel: before every step components 0..floor(S/2)-1 of h and c are
/// replaced by their means over the streams.
///
/// Parameters of a set, in this order, row-major: W, beta, W_f, beta_f, W_b, beta_b, and with `layer_norm` gamma_f,
/// delta_f, gamma_b, delta_b. theta is the sets one after the other: one, or with `layerwise` one per layer;
/// with `separate_reverse` as many again for the reverse tick.
///
/// Inputs:
/// - theta [G, n], n = parameters().
/// - x [E K, T, A]: the K streams of an episode follow each other. N = max(G, E) runs; the smaller of G and E divides
/// N.
///   Run r uses theta[r / (N / G)] and episode r / (N / E): G = 2 E for antithetic pairs (runs 2 i and 2 i + 1 share
///   episode i), G = 1 for backpropagation. An image goes into a convolution as [height, width, channels].
/// - c_first [C, cells()], or absent for zeros: c before the first step, run r using c_first[r / (N / C)], all its
///   streams the same; layer after layer, [in, out, S] or [3, 3, in, out, S]. h is zero at first.
/// `state_first` [N K, state_size()], if there, is where the streams start instead: a state_last, without gradient.
///
/// Outputs:
/// - logits [N K, T, O].
/// - loss [N]: mean over the run's labelled steps (of all streams) of -log softmax(logits)[target]; with `last_step`
///   over the last step of each stream alone. 0 if nothing is labelled.
/// - state_last [N K, state_size()], without gradient: layer after layer h, c (as c_first); then m_bwd of the layers
///   1..L-1 [outputs, M]; then e [O, 2].
/// The gradient flows from loss and logits through all of time into theta, x and c_first: through the messages, the
/// bound and e.
struct Vsml {
  static constexpr const char* name = "vsml";
  static constexpr int inputs = 3, outputs = 3;
  enum In { theta, x, c_first };
  enum Out { logits, loss, state_last };
  static constexpr std::size_t max_layers = 8;

  std::array<VsmlLayer, max_layers> layers{};  ///< up to the first whose `out` is 0
  Tensor targets;                              ///< i32 [E K, T] in [0, O), or -1: no label
  Tensor state_first;                          ///< see above, or absent
  std::int64_t message_size = 8, cell_size = 16;
  std::int64_t micro_ticks = 2;
  std::int64_t output_index = 1;
  double bound = 100;
  std::int64_t streams = 1;
  bool layer_norm = false;
  bool feed_label = false;
  bool reverse_tick = false, separate_reverse = false;
  bool layerwise = false;
  bool sum_messages = false;
  bool published_conv_mask = false;
  bool last_step = false;
  bool forward_only = false;  ///< nothing is saved, and backward must not be called

  int depth() const;
  const VsmlLayer& top() const { return layers[static_cast<std::size_t>(depth() - 1)]; }
  std::int64_t set_size() const;  ///< parameters of one set
  std::int64_t sets() const;
  std::int64_t parameters() const { return sets() * set_size(); }
  std::int64_t cells() const;  ///< numbers in c of all layers
  std::int64_t state_size() const;

  /// States at the beginning of segments of steps, from which backward computes the segments again.
  struct Saved {
    Tensor segments;  // [N, segments, K, state_size()]
  };

  /// ShapeError unless the layers fit onto each other, the last one is dense, and the tensors fit.
  OutputSpecs<outputs> plan(const Tensors<inputs>& in) const;
};

/// Where the tensors of one set of sub-RNN parameters begin. Without layer norm the last four are not there.
struct VsmlOffsets {
  explicit VsmlOffsets(const Vsml& op);

  std::int64_t w = 0, beta, w_f, beta_f, w_b, beta_b, gamma_f, delta_f, gamma_b, delta_b, end;
};

/// What the shapes of the inputs come to, for the bodies.
struct VsmlSizes {
  VsmlSizes(const Vsml& op, const Tensors<Vsml::inputs>& in);

  std::int64_t groups, episodes, cell_groups, runs, streams;
  std::int64_t steps, inputs, outputs;
  std::int64_t parameters, cells, state;
  std::int64_t segment_steps, segments;  ///< a segment's steps (the last may be shorter), and their number

  std::int64_t theta_of(std::int64_t run) const { return run / (runs / groups); }
  std::int64_t episode_of(std::int64_t run) const { return run / (runs / episodes); }
  std::int64_t cells_of(std::int64_t run) const { return run / (runs / cell_groups); }
};

}  // namespace srwm
