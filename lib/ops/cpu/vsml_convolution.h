// A tick of a convolution of sub-RNNs: at every output position and tap a dense tick of one micro tick from the state
// that all positions share, and the mean of the states that come out.
#pragma once

#include "ops/cpu/vsml_messages.h"
#include "ops/vsml_geometry.h"

namespace srwm::cpu {

class VsmlConvolution {
 public:
  VsmlConvolution(const Vsml& op, const VsmlLayer& layer, int threads, float* memory)
      : op_(op), layer_(layer), geometry_(layer, op.published_conv_mask), threads_(threads) {
    memory_ = memory;
    chunks_ = take(chunk_count() * chunk_size(op, layer));
    states_ = take((op.micro_ticks + 1) * state_size());
    sums_fwd_ = take(layer.outputs() * vsml_cells);
    of_fwd_ = take(layer.outputs() * vsml_cells);
    sums_bwd_ = take(layer.inputs() * vsml_cells);
    of_bwd_ = take(layer.inputs() * vsml_cells);
    counts_ = take(layer.inputs());
    place_sums_ = take(places() * layer.in * vsml_cells);
    place_messages_ = take(places() * layer.in * op.message_size);
  }

  static std::int64_t scratch_size(const Vsml& op, const VsmlLayer& layer) {
    const std::int64_t places = layer.positions_out() * layer.taps();
    return (layer.positions_out() / chunk_positions + 1) * chunk_size(op, layer) +
           (op.micro_ticks + 1) * 2 * layer.sub_rnns() * vsml_cells +
           2 * (layer.outputs() + layer.inputs()) * vsml_cells + layer.inputs() +
           places * layer.in * (vsml_cells + op.message_size);
  }

  void forward(const VsmlTick<float>& tick, const PackedSet& set) {
    const float* before = tick.before;
    for (std::int64_t micro = 0; micro < op_.micro_ticks; ++micro) {
      const bool last = micro + 1 == op_.micro_ticks;
      float* after = last ? tick.after : states_ + micro * state_size();
      micro_tick(tick, set, before, after, last && tick.out_bwd != nullptr);
      before = after;
    }
    if (tick.out_fwd != nullptr) fwd().messages(set.theta, layer_.outputs(), sums_fwd_, tick.out_fwd);
    if (tick.out_bwd == nullptr) return;
    gather_sums();
    bwd().messages(set.theta, layer_.inputs(), sums_bwd_, tick.out_bwd, counts_);
  }

  void backward(const VsmlTickGradients<float>& g, const PackedSet& set, float* dL_dtheta) {
    std::copy_n(g.tick.before, state_size(), states_);
    for (std::int64_t micro = 0; micro + 1 < op_.micro_ticks; ++micro) {
      micro_tick(g.tick, set, states_ + micro * state_size(), states_ + (micro + 1) * state_size(), false);
    }
    fwd().of_cells(set.theta, layer_.outputs(), g.out_fwd, of_fwd_);
    bwd().of_cells(set.theta, layer_.inputs(), g.out_bwd, of_bwd_);
    for (std::int64_t micro = op_.micro_ticks; micro-- > 0;) {
      micro_tick_backward(g, set, states_ + micro * state_size(), micro + 1 == op_.micro_ticks, dL_dtheta);
    }
  }

 private:
  static constexpr std::int64_t chunk_positions = 16;

  /// What the positions of a chunk sum up, and room for one place.
  struct Chunk {
    float *state, *dL_dtheta, *dL_dw_u, *dL_dbeta_u;
    float *after, *z_bwd, *zeros, *dL_dz_fwd, *dL_dz_bwd;
  };
  static std::int64_t chunk_size(const Vsml& op, const VsmlLayer& layer) {
    const std::int64_t size = 2 * layer.sub_rnns() * vsml_cells + op.set_size() + vsml_cells * (vsml_cells + 1) +
                              2 * layer.in * layer.out * vsml_cells + layer.out * (2 * vsml_gates + vsml_cells) +
                              layer.in * vsml_gates;
    return (size + 15) / 16 * 16;
  }
  Chunk chunk(std::int64_t number) const {
    float* at = chunks_ + number * chunk_size(op_, layer_);
    const auto next = [&](std::int64_t count) { return (at += count) - count; };
    Chunk c{};
    c.state = next(state_size());
    c.dL_dtheta = next(op_.set_size());
    c.dL_dw_u = next(vsml_cells * vsml_cells);
    c.dL_dbeta_u = next(vsml_cells);
    c.after = next(2 * tap_cells());
    c.z_bwd = next(layer_.out * vsml_gates);
    c.zeros = next(layer_.out * vsml_cells);
    c.dL_dz_fwd = next(layer_.in * vsml_gates);
    c.dL_dz_bwd = next(layer_.out * vsml_gates);
    return c;
  }

  float* take(std::int64_t count) { return (memory_ += count) - count; }
  std::int64_t chunk_count() const { return (layer_.positions_out() + chunk_positions - 1) / chunk_positions; }
  std::int64_t tap_cells() const { return layer_.in * layer_.out * vsml_cells; }
  std::int64_t cells() const { return layer_.taps() * tap_cells(); }
  std::int64_t state_size() const { return 2 * cells(); }
  std::int64_t places() const { return layer_.positions_out() * layer_.taps(); }
  Messenger fwd() const { return {op_, true, layer_.taps() * layer_.in}; }
  Messenger bwd() const { return {op_, false, layer_.taps() * layer_.out}; }
  std::int64_t second_row() const { return op_.message_size * vsml_gates; }

  /// Calls body(chunk, p) for every output position, chunks on threads.
  template <typename Before, typename Body>
  void for_each_position(const Before& before, const Body& body) const {
    parallel_for(threads_, chunk_count(), [&](std::int64_t number) {
      const Chunk c = chunk(number);
      before(c);
      const std::int64_t end = std::min(layer_.positions_out(), (number + 1) * chunk_positions);
      for (std::int64_t p = number * chunk_positions; p < end; ++p) body(c, p);
    });
  }

  /// The incoming backward messages of an output position.
  VsmlMessages<const float> bwd_of(const VsmlTick<float>& tick, std::int64_t p) const {
    return {tick.bwd.data + p * layer_.out * tick.bwd.stride, tick.bwd.stride, tick.bwd.live};
  }
  VsmlMessages<const float> fwd_of(const VsmlTick<float>& tick, std::int64_t below) const {
    if (below < 0) return {};
    return {tick.fwd.data + below * layer_.in * tick.fwd.stride, tick.fwd.stride, tick.fwd.live};
  }

  /// The sub-RNNs of a position and a tap.
  VsmlSlice slice_of(const VsmlTick<float>& tick, const PackedSet& set, const float* before, const Chunk& c,
                     std::int64_t p, std::int64_t tap) const {
    const VsmlMessages<const float> in = fwd_of(tick, geometry_.below(p, tap));
    return {.outputs = static_cast<int>(layer_.out),
            .micro_ticks = 1,
            .begin = 0,
            .end = layer_.in,
            .w = set.theta + 2 * second_row(),
            .first_row = set.theta,
            .beta = set.beta,
            .fwd = in.data,
            .stride = in.stride,
            .live = in.live,
            .z_bwd = c.z_bwd,
            .h = before + tap * tap_cells(),
            .c = before + cells() + tap * tap_cells(),
            .h_after = c.after,
            .c_after = c.after + tap_cells(),
            .norm = op_.layer_norm,
            .w_u = set.w_u,
            .beta_u = set.beta_u,
            .message_size = static_cast<int>(op_.message_size),
            .sum_over_inputs = sums_fwd_ + p * layer_.out * vsml_cells,
            .sum_over_outputs = place_sums_ + (p * layer_.taps() + tap) * layer_.in * vsml_cells};
  }

  void output_terms(const VsmlTick<float>& tick, const PackedSet& set, const Chunk& c, std::int64_t p) const {
    std::fill_n(c.z_bwd, layer_.out * vsml_gates, 0.0f);
    add_message_terms(bwd_of(tick, p), layer_.out, set.theta + second_row(), c.z_bwd);
    std::fill_n(sums_fwd_ + p * layer_.out * vsml_cells, layer_.out * vsml_cells, 0.0f);
  }

  /// h and c of a tap, from a place, to those of the chunk.
  void add_state(const Chunk& c, std::int64_t tap) const {
    for (int half = 0; half < 2; ++half) {
      float* to = c.state + half * cells() + tap * tap_cells();
      for (std::int64_t i = 0; i < tap_cells(); ++i) to[i] += c.after[half * tap_cells() + i];
    }
  }
  /// to = factor times the sum of the chunks' states, in order.
  void sum_states(float factor, float* to) const {
    std::fill_n(to, state_size(), 0.0f);
    for (std::int64_t number = 0; number < chunk_count(); ++number) {
      const float* from = chunk(number).state;
      for (std::int64_t i = 0; i < state_size(); ++i) to[i] += from[i];
    }
    for (std::int64_t i = 0; i < state_size(); ++i) to[i] *= factor;
  }

  /// One micro tick of all positions; the sums of every output and, if asked for, of every place are kept.
  void micro_tick(const VsmlTick<float>& tick, const PackedSet& set, const float* before, float* after,
                  bool keep_place_sums) const {
    for_each_position([&](const Chunk& c) { std::fill_n(c.state, state_size(), 0.0f); },
                      [&](const Chunk& c, std::int64_t p) {
                        output_terms(tick, set, c, p);
                        for (std::int64_t tap = 0; tap < layer_.taps(); ++tap) {
                          VsmlSlice slice = slice_of(tick, set, before, c, p, tap);
                          if (!keep_place_sums) slice.sum_over_outputs = nullptr;
                          vsml_kernels().forward(slice);
                          add_state(c, tap);
                        }
                      });
    sum_states(1.0f / static_cast<float>(layer_.positions_out()), after);
  }

  /// The places' sums to those of the input positions that get their backward messages, and of how many sub-RNNs.
  void gather_sums() const {
    std::fill_n(sums_bwd_, layer_.inputs() * vsml_cells, 0.0f);
    std::fill_n(counts_, layer_.inputs(), 0.0f);
    for (std::int64_t place = 0; place < places(); ++place) {
      const std::int64_t to = geometry_.hands_back_to(place / layer_.taps(), place % layer_.taps());
      if (to < 0) continue;
      const float* from = place_sums_ + place * layer_.in * vsml_cells;
      for (std::int64_t a = 0; a < layer_.in; ++a) counts_[to * layer_.in + a] += static_cast<float>(layer_.out);
      float* sums = sums_bwd_ + to * layer_.in * vsml_cells;
      for (std::int64_t i = 0; i < layer_.in * vsml_cells; ++i) sums[i] += from[i];
    }
  }

  void micro_tick_backward(const VsmlTickGradients<float>& g, const PackedSet& set, const float* before, bool last,
                           float* dL_dtheta) const {
    const bool to_messages = g.fwd.data != nullptr;
    for_each_position(
        [&](const Chunk& c) {
          std::fill_n(c.state, state_size() + op_.set_size() + vsml_cells * (vsml_cells + 1), 0.0f);
          std::fill_n(c.zeros, layer_.out * vsml_cells, 0.0f);
        },
        [&](const Chunk& c, std::int64_t p) { position_backward(g, set, before, last, c, p); });
    for (std::int64_t number = 0; number < chunk_count(); ++number) {
      const Chunk c = chunk(number);
      for (std::int64_t i = 0; i < op_.set_size(); ++i) dL_dtheta[i] += c.dL_dtheta[i];
    }
    sum_states(1, g.state);
    if (to_messages) gather_messages(g.fwd);
    if (!last) return;
    const Chunk total = chunk(0);
    for (std::int64_t number = 1; number < chunk_count(); ++number) {
      const Chunk c = chunk(number);
      for (int i = 0; i < vsml_cells * (vsml_cells + 1); ++i) total.dL_dw_u[i] += c.dL_dw_u[i];
    }
    fwd().parameters(layer_.outputs(), g.out_fwd, sums_fwd_, total.dL_dw_u, total.dL_dbeta_u, dL_dtheta);
    if (g.out_bwd != nullptr) gather_sums();
    bwd().parameters(layer_.inputs(), g.out_bwd, sums_bwd_, total.dL_dw_u, total.dL_dbeta_u, dL_dtheta, counts_);
  }

  void position_backward(const VsmlTickGradients<float>& g, const PackedSet& set, const float* before, bool last,
                         const Chunk& c, std::int64_t p) const {
    const VsmlOffsets at(op_);
    const float share = 1.0f / static_cast<float>(layer_.positions_out());
    output_terms(g.tick, set, c, p);
    std::fill_n(c.dL_dz_bwd, layer_.out * vsml_gates, 0.0f);
    for (std::int64_t tap = 0; tap < layer_.taps(); ++tap) {
      for (int half = 0; half < 2; ++half) {
        const float* from = g.state + half * cells() + tap * tap_cells();
        for (std::int64_t i = 0; i < tap_cells(); ++i) c.after[half * tap_cells() + i] = share * from[i];
      }
      const std::int64_t below = geometry_.below(p, tap), back_to = geometry_.hands_back_to(p, tap);
      const bool of_bwd = last && g.out_bwd != nullptr && back_to >= 0;
      VsmlSliceGradients place{.slice = slice_of(g.tick, set, before, c, p, tap),
                               .w_t = set.w_t,
                               .w_u_t = set.w_u_t,
                               .of_fwd = last ? of_fwd_ + p * layer_.out * vsml_cells : c.zeros,
                               .of_bwd = of_bwd ? of_bwd_ + back_to * layer_.in * vsml_cells : nullptr,
                               .dL_dh = c.after,
                               .dL_dc = c.after + tap_cells(),
                               .dL_dz_fwd = c.dL_dz_fwd,
                               .dL_dz_bwd = c.dL_dz_bwd,
                               .dL_dw = c.dL_dtheta + 2 * second_row(),
                               .dL_dw_u = c.dL_dw_u,
                               .dL_dbeta_u = c.dL_dbeta_u};
      vsml_kernels().backward(place);
      add_state(c, tap);
      float* messages = place_messages_ + (p * layer_.taps() + tap) * layer_.in * op_.message_size;
      std::fill_n(messages, layer_.in * op_.message_size, 0.0f);
      const VsmlMessages<float> of_messages{g.fwd.data != nullptr ? messages : nullptr, op_.message_size,
                                            op_.message_size};
      message_terms_backward(fwd_of(g.tick, below), layer_.in, set.theta, c.dL_dz_fwd, c.dL_dtheta, of_messages);
    }
    for (std::int64_t i = 0; i < layer_.out * vsml_gates; ++i) {
      c.dL_dtheta[at.beta + i % vsml_gates] += c.dL_dz_bwd[i];
    }
    const VsmlMessages<float> of_bwd{g.bwd.data != nullptr ? g.bwd.data + p * layer_.out * g.bwd.stride : nullptr,
                                     g.bwd.stride, g.bwd.live};
    message_terms_backward(bwd_of(g.tick, p), layer_.out, set.theta + second_row(), c.dL_dz_bwd,
                           c.dL_dtheta + second_row(), of_bwd);
  }

  /// The places' gradients of incoming forward messages to the input positions that they came from.
  void gather_messages(const VsmlMessages<float>& to) const {
    for (std::int64_t place = 0; place < places(); ++place) {
      const std::int64_t below = geometry_.below(place / layer_.taps(), place % layer_.taps());
      if (below < 0) continue;
      const float* from = place_messages_ + place * layer_.in * op_.message_size;
      for (std::int64_t a = 0; a < layer_.in; ++a) {
        float* sums = to.data + (below * layer_.in + a) * to.stride;
        for (std::int64_t j = 0; j < to.live; ++j) sums[j] += from[a * op_.message_size + j];
      }
    }
  }

  const Vsml& op_;
  const VsmlLayer& layer_;
  VsmlGeometry geometry_;
  int threads_;
  float* memory_ = nullptr;
  float *chunks_, *states_;                          ///< see Chunk; states before each micro tick
  float *sums_fwd_, *of_fwd_, *sums_bwd_, *of_bwd_;  ///< [outputs, 16] twice, [inputs, 16] twice
  float *counts_, *place_sums_, *place_messages_;    ///< [inputs]; [positions, taps, in, 16], and [..., M]
};

}  // namespace srwm::cpu
