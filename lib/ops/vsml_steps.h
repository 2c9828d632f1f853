// The steps of a Vsml network, forward and backward through time: what happens between the ticks of its layers, for
// every host body. A body brings `Ticks`, which computes one tick of one layer of one stream:
//
//   class Ticks {
//     using Real = float;
//     Ticks(const Vsml&, int threads, Real* memory);     // memory: scratch_size(op) numbers
//     static std::int64_t scratch_size(const Vsml&);
//     void set_theta(const Real* theta, Real* dL_dtheta);  // of the coming run; the latter is added to
//     void forward(const VsmlTick<Real>&);
//     void backward(const VsmlTickGradients<Real>&);
//   };
#pragma once

#include <algorithm>
#include <cmath>

#include "core/parallel.h"
#include "ops/grad.h"
#include "ops/scratch.h"
#include "ops/vsml.h"

namespace srwm {

/// Messages of size M of which only the first `live` components are stored; the others are zero.
template <typename Real>
struct VsmlMessages {
  Real* data = nullptr;
  std::int64_t stride = 0, live = 0;
};

/// One tick of one layer of one stream: all micro ticks.
template <typename Real>
struct VsmlTick {
  std::size_t layer;
  std::int64_t set;                   ///< of theta
  VsmlMessages<const Real> fwd, bwd;  ///< incoming: one per input, one per output
  const Real* before;                 ///< state: h, then c
  Real* after;                        ///< the same memory or other
  Real* out_fwd;                      ///< [outputs, M] or nullptr: not needed
  Real* out_bwd;                      ///< [inputs, M] or nullptr
};

/// Backward of one tick; `after` and the outgoing messages are not read.
template <typename Real>
struct VsmlTickGradients {
  VsmlTick<Real> tick;
  Real* state;                    ///< on entry dL/d after, on return dL/d before
  const Real *out_fwd, *out_bwd;  ///< dL/d outgoing messages, or nullptr for zero
  VsmlMessages<Real> fwd, bwd;    ///< dL/d incoming messages is added here; without data it is not wanted
};

/// Offsets of the parts of a stream's state; see Vsml::state_last.
struct VsmlStateLayout {
  explicit VsmlStateLayout(const Vsml& op) {
    const auto depth = static_cast<std::size_t>(op.depth());
    for (std::size_t l = 0; l < depth; ++l) {
      cells[l] = record;
      record += 2 * op.layers[l].sub_rnns() * op.cell_size;
    }
    for (std::size_t l = 0; l + 1 < depth; ++l) {
      bwd[l] = record;
      record += op.layers[l].outputs() * op.message_size;
    }
  }

  std::array<std::int64_t, Vsml::max_layers> cells{};  ///< h, then c
  std::array<std::int64_t, Vsml::max_layers> bwd{};    ///< incoming backward messages, not of the top layer
  std::int64_t record = 0;                             ///< e [O, 2], the last part
};

/// Offsets of what a step leaves for its backward pass, but for the states of the cells.
struct VsmlTraceLayout {
  explicit VsmlTraceLayout(const Vsml& op) {
    const auto depth = static_cast<std::size_t>(op.depth());
    const std::int64_t outputs = op.top().outputs();
    for (std::size_t l = 1; l < depth; ++l) fwd[l] = take(op.layers[l].inputs() * op.message_size);
    for (std::size_t tick = 0; tick < 2; ++tick) {
      for (std::size_t l = 0; l + 1 < depth; ++l) bwd[tick][l] = take(op.layers[l].outputs() * op.message_size);
      record[tick] = take(2 * outputs);
    }
    top = take(outputs * op.message_size);
    logits = take(outputs);
    probabilities = take(outputs);
  }

  std::int64_t end = 0;
  std::array<std::int64_t, Vsml::max_layers> fwd{};                 ///< incoming, of all layers but the first
  std::array<std::array<std::int64_t, Vsml::max_layers>, 2> bwd{};  ///< in the forward and the reverse tick
  std::array<std::int64_t, 2> record{};                             ///< e as the forward and the reverse tick saw it
  std::int64_t top = 0, logits = 0, probabilities = 0;

 private:
  std::int64_t take(std::int64_t count) {
    end += count;
    return end - count;
  }
};

/// One run on one worker, with its working memory.
template <typename Ticks>
class VsmlRun {
 public:
  using Real = typename Ticks::Real;

  VsmlRun(const Vsml& op, const Tensors<Vsml::inputs>& in, std::int64_t run, Ticks& ticks, Real* memory)
      : op_(op), n_(op, in), in_(in), run_(run), ticks_(ticks), memory_(memory) {
    for (std::int64_t k = 0; k < n_.streams; ++k) {
      for (std::int64_t t = 0; t < n_.steps; ++t) labels_ += counts(k, t) ? 1 : 0;
    }
  }

  static std::int64_t forward_scratch(const Vsml& op) { return VsmlTraceLayout(op).end; }
  static std::int64_t backward_scratch(const Vsml& op, const VsmlSizes& n) {
    return n.streams * (slots(op, n) * 2 * n.cells + n.segment_steps * VsmlTraceLayout(op).end + 2 * n.state) +
           gradient_scratch(op);
  }

  void forward(const Forward<Vsml>& f) {
    Real* states = row(f.out[Vsml::state_last], sequence(0));
    first_state(states);
    const auto cells = [&](std::int64_t k, std::size_t l) { return states + k * n_.state + state_.cells[l]; };
    double loss = 0;
    for (std::int64_t t = 0; t < n_.steps; ++t) {
      if (f.saved.segments && t % n_.segment_steps == 0) {
        std::copy_n(states, n_.streams * n_.state, segment(f.saved.segments, t / n_.segment_steps));
      }
      merge_streams(cells);
      for (std::int64_t k = 0; k < n_.streams; ++k) {
        step(k, t, states + k * n_.state, memory_, [&](std::size_t l, int) { return cells(k, l); });
        std::copy_n(memory_ + trace_.logits, n_.outputs, row(f.out[Vsml::logits], sequence(k)) + t * n_.outputs);
        if (counts(k, t)) loss += minus_log_softmax(memory_ + trace_.logits, target(k, t));
      }
    }
    f.out[Vsml::loss].template data<Real>()[run_] = static_cast<Real>(labels_ > 0 ? loss / labels_ : 0);
  }

  /// Of the run alone: dL_dx [K, T, A] and dL_dc_first [cells] are overwritten, or nullptr.
  void backward(const Backward<Vsml>& b, Real* dL_dx, Real* dL_dc_first) {
    Real* memory = memory_;
    const std::int64_t slot_count = slots(op_, n_);
    const auto take = [&](std::int64_t count) { return (memory += count) - count; };
    Real* cells = take(n_.streams * slot_count * 2 * n_.cells);
    Real* traces = take(n_.streams * n_.segment_steps * trace_.end);
    Real* carried = take(n_.streams * n_.state);
    const Gradients g{take(n_.streams * n_.state), memory};
    std::fill_n(g.states, n_.streams * n_.state, Real(0));
    if (dL_dx) std::fill_n(dL_dx, n_.streams * n_.steps * n_.inputs, Real(0));
    // the state of layer l before the i-th tick of the segment
    const auto slot = [&](std::int64_t k, std::size_t l, std::int64_t i) {
      const std::int64_t size = 2 * layer(l).sub_rnns() * op_.cell_size;
      return cells + slot_count * (k * 2 * n_.cells + state_.cells[l]) + i * size;
    };
    const std::int64_t ticks = ticks_of(op_);
    for (std::int64_t s = n_.segments; s-- > 0;) {
      const std::int64_t begin = s * n_.segment_steps, end = std::min(begin + n_.segment_steps, n_.steps);
      std::copy_n(segment(b.saved.segments, s), n_.streams * n_.state, carried);
      for (std::int64_t k = 0; k < n_.streams; ++k) {
        for (std::size_t l = 0; l < depth_; ++l) {
          std::copy_n(carried + k * n_.state + state_.cells[l], 2 * layer(l).sub_rnns() * op_.cell_size, slot(k, l, 0));
        }
      }
      const auto trace = [&](std::int64_t k, std::int64_t t) {
        return traces + ((t - begin) * n_.streams + k) * trace_.end;
      };
      for (std::int64_t t = begin; t < end; ++t) {
        const std::int64_t first = (t - begin) * ticks;
        merge_streams([&](std::int64_t k, std::size_t l) { return slot(k, l, first); });
        for (std::int64_t k = 0; k < n_.streams; ++k) {
          step(k, t, carried + k * n_.state, trace(k, t),
               [&](std::size_t l, int tick) { return slot(k, l, first + tick); });
        }
      }
      for (std::int64_t t = end; t-- > begin;) {
        const std::int64_t first = (t - begin) * ticks;
        for (std::int64_t k = 0; k < n_.streams; ++k) {
          step_backward(b, k, t, trace(k, t), g, dL_dx,
                        [&](std::size_t l, int tick) { return slot(k, l, first + tick); });
        }
        // its own transpose
        merge_streams([&](std::int64_t k, std::size_t l) { return g.states + k * n_.state + state_.cells[l]; });
      }
    }
    if (dL_dc_first) first_cells_gradient(g.states, dL_dc_first);
  }

 private:
  using Messages = VsmlMessages<Real>;
  using ConstMessages = VsmlMessages<const Real>;

  struct Gradients {
    Real* states;  ///< dL/d state of every stream, before the steps done
    Real* step;    ///< gradient_scratch() numbers
  };

  static std::int64_t ticks_of(const Vsml& op) { return op.reverse_tick ? 2 : 1; }
  static std::int64_t slots(const Vsml& op, const VsmlSizes& n) { return n.segment_steps * ticks_of(op) + 1; }
  static std::int64_t gradient_scratch(const Vsml& op) {
    const std::int64_t outputs = op.top().outputs();
    std::int64_t messages = outputs;
    for (int l = 1; l < op.depth(); ++l) messages += op.layers[static_cast<std::size_t>(l)].inputs();
    return messages * op.message_size + 3 * outputs;
  }

  const VsmlLayer& layer(std::size_t l) const { return op_.layers[l]; }
  Real* row(const Tensor& tensor, std::int64_t i) const {
    return tensor.data<Real>() + i * (tensor.numel() / tensor.dim(0));
  }
  Real* segment(const Tensor& segments, std::int64_t s) const {
    return segments.data<Real>() + (run_ * n_.segments + s) * n_.streams * n_.state;
  }
  /// Of stream k, in tensors of the runs and in tensors of the episodes.
  std::int64_t sequence(std::int64_t k) const { return run_ * n_.streams + k; }
  std::int64_t episode_sequence(std::int64_t k) const { return n_.episode_of(run_) * n_.streams + k; }
  const Real* image(std::int64_t k, std::int64_t t) const {
    return row(in_[Vsml::x], episode_sequence(k)) + t * n_.inputs;
  }
  std::int32_t target(std::int64_t k, std::int64_t t) const {
    return op_.targets.data<std::int32_t>()[episode_sequence(k) * n_.steps + t];
  }
  /// Whether the loss of step t is part of the run's.
  bool counts(std::int64_t k, std::int64_t t) const {
    return target(k, t) >= 0 && (!op_.last_step || t == n_.steps - 1);
  }
  std::int64_t set(std::size_t l, int tick) const {
    const auto per_tick = static_cast<std::int64_t>(op_.layerwise ? depth_ : 1);
    return (tick == 1 && op_.separate_reverse ? per_tick : 0) + (op_.layerwise ? static_cast<std::int64_t>(l) : 0);
  }

  void first_state(Real* states) {
    const std::int64_t size = n_.streams * n_.state;
    if (op_.state_first) {
      std::copy_n(row(op_.state_first, sequence(0)), size, states);
      return;
    }
    std::fill_n(states, size, Real(0));
    if (!in_[Vsml::c_first]) return;
    const Real* c_first = row(in_[Vsml::c_first], n_.cells_of(run_));
    for (std::size_t l = 0; l < depth_; c_first += layer(l).sub_rnns() * op_.cell_size, ++l) {
      const std::int64_t count = layer(l).sub_rnns() * op_.cell_size;
      for (std::int64_t k = 0; k < n_.streams; ++k) {
        std::copy_n(c_first, count, states + k * n_.state + state_.cells[l] + count);
      }
    }
  }
  void first_cells_gradient(const Real* dL_dstates, Real* dL_dc_first) {
    for (std::size_t l = 0; l < depth_; ++l) {
      const std::int64_t count = layer(l).sub_rnns() * op_.cell_size;
      for (std::int64_t i = 0; i < count; ++i) {
        Real sum = 0;
        for (std::int64_t k = 0; k < n_.streams; ++k) {
          sum += op_.state_first ? Real(0) : dL_dstates[k * n_.state + state_.cells[l] + count + i];
        }
        *dL_dc_first++ = sum;
      }
    }
  }

  /// The first half of the components of h and c of all sub-RNNs becomes the mean over the streams.
  template <typename Cells>
  void merge_streams(const Cells& cells) const {
    if (n_.streams == 1) return;
    for (std::size_t l = 0; l < depth_; ++l) {
      for (std::int64_t i = 0; i < 2 * layer(l).sub_rnns(); ++i) {
        for (std::int64_t r = i * op_.cell_size; r < i * op_.cell_size + op_.cell_size / 2; ++r) {
          Real mean = 0;
          for (std::int64_t k = 0; k < n_.streams; ++k) mean += cells(k, l)[r] / static_cast<Real>(n_.streams);
          for (std::int64_t k = 0; k < n_.streams; ++k) cells(k, l)[r] = mean;
        }
      }
    }
  }

  ConstMessages incoming_fwd(std::int64_t k, std::int64_t t, std::size_t l, const Real* trace) const {
    if (l == 0) return {image(k, t), 1, 1};
    return {trace + trace_.fwd[l], op_.message_size, op_.message_size};
  }
  ConstMessages incoming_bwd(std::size_t l, std::size_t tick, const Real* trace) const {
    if (l + 1 == depth_) return {trace + trace_.record[tick], 2, 2};
    return {trace + trace_.bwd[tick][l], op_.message_size, op_.message_size};
  }

  /// Step t of stream k. `state` holds the backward messages and e; slot(l, tick) is the state of the cells of layer l
  /// before a tick.
  template <typename Slot>
  void step(std::int64_t k, std::int64_t t, Real* state, Real* trace, const Slot& slot) {
    std::copy_n(state + state_.record, 2 * n_.outputs, trace + trace_.record[0]);
    for (std::size_t l = 0; l < depth_; ++l) {
      const bool top = l + 1 == depth_;
      Real* out_fwd = trace + (top ? trace_.top : trace_.fwd[l + 1]);
      tick(k, t, l, 0, state, trace, slot, out_fwd);
    }
    read_out(k, t, trace, state + state_.record);
    if (!op_.reverse_tick) return;
    std::copy_n(state + state_.record, 2 * n_.outputs, trace + trace_.record[1]);
    for (std::size_t l = depth_; l-- > 0;) tick(k, t, l, 1, state, trace, slot, nullptr);
    std::fill_n(state + state_.record, 2 * n_.outputs, Real(0));
  }

  template <typename Slot>
  void tick(std::int64_t k, std::int64_t t, std::size_t l, int which, Real* state, Real* trace, const Slot& slot,
            Real* out_fwd) {
    const auto index = static_cast<std::size_t>(which);
    if (l + 1 < depth_) {
      std::copy_n(state + state_.bwd[l], layer(l).outputs() * op_.message_size, trace + trace_.bwd[index][l]);
    }
    ticks_.forward({l, set(l, which), incoming_fwd(k, t, l, trace), incoming_bwd(l, index, trace), slot(l, which),
                    slot(l, which + 1), out_fwd, hands_down(l, which) ? state + state_.bwd[l - 1] : nullptr});
  }
  /// Whether the backward messages of a tick are used: those of a forward tick are not if a reverse tick follows.
  bool hands_down(std::size_t l, int tick) const { return l > 0 && tick + 1 == ticks_of(op_); }

  /// Logits, their softmax, and the record e of them and the target.
  void read_out(std::int64_t k, std::int64_t t, Real* trace, Real* record) const {
    const Real* top = trace + trace_.top;
    Real *logits = trace + trace_.logits, *p = trace + trace_.probabilities;
    const auto bound = static_cast<Real>(op_.bound);
    for (std::int64_t b = 0; b < n_.outputs; ++b) {
      const Real raw = top[b * op_.message_size + op_.output_index];
      logits[b] = bound > 0 ? bound * std::tanh(raw / bound) : raw;
    }
    const Real largest = *std::max_element(logits, logits + n_.outputs);
    Real sum = 0;
    for (std::int64_t b = 0; b < n_.outputs; ++b) sum += p[b] = std::exp(logits[b] - largest);
    for (std::int64_t b = 0; b < n_.outputs; ++b) {
      p[b] /= sum;
      const Real label = b == target(k, t) ? Real(1) : Real(0);
      const bool labelled = target(k, t) >= 0;
      record[2 * b] = labelled ? (p[b] - label) / static_cast<Real>(n_.streams) : Real(0);
      record[2 * b + 1] = labelled && op_.feed_label ? label : Real(0);
    }
  }
  double minus_log_softmax(const Real* logits, std::int32_t target) const {
    const Real largest = *std::max_element(logits, logits + n_.outputs);
    double sum = 0;
    for (std::int64_t b = 0; b < n_.outputs; ++b) sum += std::exp(static_cast<double>(logits[b] - largest));
    return std::log(sum) + static_cast<double>(largest - logits[target]);
  }

  /// dL_dtop [O, M] of the top layer's outgoing messages, from dL/d logits, dL/d loss and dL/de.
  void read_out_backward(const Backward<Vsml>& b, std::int64_t k, std::int64_t t, const Real* trace,
                         const Real* dL_drecord, Real* dL_dtop) const {
    const Real *p = trace + trace_.probabilities, *logits = trace + trace_.logits;
    const Tensor &dL_dout = b.dL_dout[Vsml::logits], &dL_dloss = b.dL_dout[Vsml::loss];
    const Real of_loss = dL_dloss && counts(k, t) ? dL_dloss.data<Real>()[run_] / static_cast<Real>(labels_) : Real(0);
    const bool labelled = target(k, t) >= 0;
    // e = (p - label) / K, dp_i/dlogits_j = p_i ([i = j] - p_j)
    Real dot = 0;
    for (std::int64_t i = 0; labelled && i < n_.outputs; ++i) dot += p[i] * dL_drecord[2 * i];
    std::fill_n(dL_dtop, n_.outputs * op_.message_size, Real(0));
    for (std::int64_t i = 0; i < n_.outputs; ++i) {
      const Real label = i == target(k, t) ? Real(1) : Real(0);
      Real g = of_loss * (p[i] - label);
      if (dL_dout) g += row(dL_dout, sequence(k))[t * n_.outputs + i];
      if (labelled) g += p[i] * (dL_drecord[2 * i] - dot) / static_cast<Real>(n_.streams);
      // d bound tanh(raw / bound) / d raw
      const Real ratio = op_.bound > 0 ? logits[i] / static_cast<Real>(op_.bound) : Real(0);
      dL_dtop[i * op_.message_size + op_.output_index] = g * (1 - ratio * ratio);
    }
  }

  template <typename Slot>
  void step_backward(const Backward<Vsml>& b, std::int64_t k, std::int64_t t, const Real* trace, const Gradients& g,
                     Real* dL_dx, const Slot& slot) {
    Real* dL_dstate = g.states + k * n_.state;
    Real* dL_drecord = dL_dstate + state_.record;
    const std::int64_t m = op_.message_size;
    // dL/d incoming forward messages of every layer, of the outgoing ones of the top, and dL/de of this step
    std::array<Messages, Vsml::max_layers + 1> fwd{};
    if (dL_dx) fwd[0] = {dL_dx + (k * n_.steps + t) * n_.inputs, 1, 1};
    Real* memory = g.step;
    for (std::size_t l = 1; l <= depth_; memory += layer(l - 1).outputs() * m, ++l) fwd[l] = {memory, m, m};
    Real* dL_dnew = memory;
    std::fill(fwd[1].data, memory + 2 * n_.outputs, Real(0));
    const auto tick_backward = [&](std::size_t l, int tick, const Real* out_fwd, Real* dL_de) {
      const bool down = hands_down(l, tick), top = l + 1 == depth_;
      Real* out_bwd = down ? dL_dstate + state_.bwd[l - 1] : nullptr;
      const Messages bwd = top ? Messages{dL_de, 2, 2} : Messages{dL_dstate + state_.bwd[l], m, m};
      ticks_.backward(
          {{l, set(l, tick), incoming_fwd(k, t, l, trace), incoming_bwd(l, static_cast<std::size_t>(tick), trace),
            slot(l, tick), nullptr, nullptr, nullptr},
           dL_dstate + state_.cells[l],
           out_fwd,
           out_bwd,
           fwd[l],
           bwd});
      // what was there before was overwritten by this tick
      if (down) std::fill_n(out_bwd, layer(l - 1).outputs() * m, Real(0));
    };
    if (op_.reverse_tick) {
      for (std::size_t l = 0; l < depth_; ++l) tick_backward(l, 1, nullptr, dL_dnew);
    } else {
      std::copy_n(dL_drecord, 2 * n_.outputs, dL_dnew);
    }
    std::fill_n(dL_drecord, 2 * n_.outputs, Real(0));
    read_out_backward(b, k, t, trace, dL_dnew, fwd[depth_].data);
    for (std::size_t l = depth_; l-- > 0;) tick_backward(l, 0, fwd[l + 1].data, dL_drecord);
  }

  const Vsml& op_;
  VsmlSizes n_;
  const Tensors<Vsml::inputs>& in_;
  std::int64_t run_;
  Ticks& ticks_;
  Real* memory_;
  VsmlStateLayout state_{op_};
  VsmlTraceLayout trace_{op_};
  std::size_t depth_ = static_cast<std::size_t>(op_.depth());
  double labels_ = 0;  ///< steps whose losses the run's is the mean of
};

/// Calls body(run, ticks, memory) for every run: the runs on the threads of the context, or if there are fewer of them
/// one after the other with all threads in each.
template <typename Ticks, typename Body>
void for_each_vsml_run(Context& context, const Vsml& op, std::int64_t runs, std::int64_t scratch, const Body& body) {
  using Real = typename Ticks::Real;
  const bool apart = runs >= context.threads();
  const std::int64_t workers = apart ? context.threads() : 1;
  const std::int64_t for_ticks = (Ticks::scratch_size(op) + 15) / 16 * 16,
                     stride = for_ticks + (scratch + 15) / 16 * 16;
  const Tensor scratch_memory = context.empty({workers, stride}, DTypeOf<Real>::value);
  Real* memory = scratch_memory.data<Real>();
  parallel_for(context.threads(), workers, [&](std::int64_t worker) {
    Ticks ticks(op, apart ? 1 : context.threads(), memory + worker * stride);
    for (std::int64_t run = runs * worker / workers; run < runs * (worker + 1) / workers; ++run) {
      body(run, ticks, memory + worker * stride + for_ticks);
    }
  });
}

template <typename Ticks>
void vsml_forward(Context& context, const Forward<Vsml>& f) {
  using Real = typename Ticks::Real;
  const VsmlSizes n(f.op, f.in);
  if (!f.op.forward_only) {
    f.saved.segments = context.empty({n.runs, n.segments, n.streams, n.state}, DTypeOf<Real>::value);
  }
  const ScratchScope scope(context);
  const std::int64_t scratch = VsmlRun<Ticks>::forward_scratch(f.op);
  for_each_vsml_run<Ticks>(context, f.op, n.runs, scratch, [&](std::int64_t run, Ticks& ticks, Real* memory) {
    ticks.set_theta(f.in[Vsml::theta].data<Real>() + n.theta_of(run) * n.parameters, nullptr);
    VsmlRun<Ticks>(f.op, f.in, run, ticks, memory).forward(f);
  });
}

/// grad[g, :] = sum over the runs of group g of partial[run, :], in order; `grad` is written by its mode.
template <typename Real>
void sum_vsml_runs(int threads, const Tensor& partial, std::int64_t groups, const Grad& grad) {
  Real* to = sum_into<Real>(grad);
  if (to == nullptr) return;
  const std::int64_t runs = partial.dim(0), size = partial.numel() / runs;
  parallel_for(threads, groups, [&](std::int64_t g) {
    for (std::int64_t run = g * runs / groups; run < (g + 1) * runs / groups; ++run) {
      const Real* from = partial.data<Real>() + run * size;
      for (std::int64_t i = 0; i < size; ++i) to[g * size + i] += from[i];
    }
  });
}

template <typename Ticks>
void vsml_backward(Context& context, const Backward<Vsml>& b) {
  using Real = typename Ticks::Real;
  SRWM_CHECK(!b.op.forward_only, "vsml: backward of an op that was marked forward_only");
  const VsmlSizes n(b.op, b.in);
  const ScratchScope scope(context);
  const auto partial = [&](std::int64_t size, bool wanted) {
    return wanted ? context.empty({n.runs, size}, DTypeOf<Real>::value) : Tensor();
  };
  const Grad &theta = b.dL_din[Vsml::theta], &x = b.dL_din[Vsml::x], &c_first = b.dL_din[Vsml::c_first];
  const Tensor dL_dtheta = partial(n.parameters, true);
  const Tensor dL_dx = partial(n.streams * n.steps * n.inputs, x.wanted());
  const Tensor dL_dc_first = partial(n.cells, c_first.wanted());
  const auto of_run = [](const Tensor& tensor, std::int64_t run) {
    return tensor ? tensor.data<Real>() + run * tensor.dim(1) : nullptr;
  };
  const std::int64_t scratch = VsmlRun<Ticks>::backward_scratch(b.op, n);
  for_each_vsml_run<Ticks>(context, b.op, n.runs, scratch, [&](std::int64_t run, Ticks& ticks, Real* memory) {
    std::fill_n(of_run(dL_dtheta, run), n.parameters, Real(0));
    ticks.set_theta(b.in[Vsml::theta].data<Real>() + n.theta_of(run) * n.parameters, of_run(dL_dtheta, run));
    VsmlRun<Ticks>(b.op, b.in, run, ticks, memory).backward(b, of_run(dL_dx, run), of_run(dL_dc_first, run));
  });
  sum_vsml_runs<Real>(context.threads(), dL_dtheta, n.groups, theta);
  if (dL_dx) sum_vsml_runs<Real>(context.threads(), dL_dx, n.episodes, x);
  if (dL_dc_first) sum_vsml_runs<Real>(context.threads(), dL_dc_first, n.cell_groups, c_first);
}

}  // namespace srwm
