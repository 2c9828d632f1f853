// Vsml on the CPU: runs on threads, or slices of a layer's inputs where there are fewer runs; the sub-RNNs of a slice
// in vector code (vsml_kernels.h). Messengers work on the sums of h', which is the mean of the messages. Convolutions
// and sizes without vector code go to the reference loops.
#include "ops/vsml.h"

#include "ops/cpu/vsml_convolution.h"
#include "ops/cpu/vsml_messages.h"

namespace srwm::cpu {
namespace {

constexpr std::int64_t slice_inputs = 64;

std::int64_t slices_of(const VsmlLayer& layer) {
  return (layer.in + slice_inputs - 1) / slice_inputs;
}

class VsmlTicks {
 public:
  using Real = float;

  VsmlTicks(const Vsml& op, int threads, float* memory) : op_(op), threads_(threads), memory_(memory) {}

  static std::int64_t scratch_size(const Vsml& op) {
    std::int64_t most = 0;
    for (int l = 0; l < op.depth(); ++l) {
      const VsmlLayer& layer = op.layers[static_cast<std::size_t>(l)];
      if (layer.convolution()) {
        most = std::max(most, VsmlConvolution::scratch_size(op, layer));
        continue;
      }
      most = std::max(most, (slices_of(layer) + 1) * Sums(layer.out).size + layer.out * (vsml_gates + vsml_cells) +
                                layer.in * (vsml_gates + 2 * vsml_cells));
    }
    return op.sets() * PackedSet::size + most;
  }

  void set_theta(const float* theta, float* dL_dtheta) {
    dL_dtheta_ = dL_dtheta;
    for (std::int64_t set = 0; set < op_.sets(); ++set) {
      sets_[static_cast<std::size_t>(set)] =
          pack_set(op_, theta + set * op_.set_size(), memory_ + set * PackedSet::size);
    }
  }

  void forward(const VsmlTick<float>& tick) {
    const VsmlLayer& layer = op_.layers[tick.layer];
    if (layer.convolution()) return VsmlConvolution(op_, layer, threads_, behind_sets()).forward(tick, set_of(tick));
    const Memory m = memory_for(layer);
    const Sums sums(layer.out);
    VsmlSlice slice = slice_of(tick, m);
    slice.sum_over_outputs = tick.out_bwd != nullptr ? m.sum_over_outputs : nullptr;
    parallel_for(threads_, slices_of(layer), [&](std::int64_t s) {
      VsmlSlice part = part_of(slice, layer, s);
      part.sum_over_inputs = m.parts + s * sums.size + sums.over_inputs;
      std::fill_n(part.sum_over_inputs, layer.out * vsml_cells, 0.0f);
      vsml_kernels().forward(part);
    });
    sum_parts(m.parts + sums.over_inputs, slices_of(layer), sums.size, layer.out * vsml_cells,
              m.total + sums.over_inputs);
    const float* theta = set_of(tick).theta;
    if (tick.out_fwd != nullptr) {
      Messenger(op_, true, layer.in).messages(theta, layer.out, m.total + sums.over_inputs, tick.out_fwd);
    }
    if (tick.out_bwd != nullptr) {
      Messenger(op_, false, layer.out).messages(theta, layer.in, m.sum_over_outputs, tick.out_bwd);
    }
  }

  void backward(const VsmlTickGradients<float>& g) {
    const VsmlTick<float>& tick = g.tick;
    const VsmlLayer& layer = op_.layers[tick.layer];
    const PackedSet& set = set_of(tick);
    if (layer.convolution()) {
      float* dL_dtheta = dL_dtheta_ + tick.set * op_.set_size();
      return VsmlConvolution(op_, layer, threads_, behind_sets()).backward(g, set, dL_dtheta);
    }
    const Memory m = memory_for(layer);
    const Sums sums(layer.out);
    const Messenger fwd(op_, true, layer.in), bwd(op_, false, layer.out);
    fwd.of_cells(set.theta, layer.out, g.out_fwd, m.of_fwd);
    if (g.out_bwd != nullptr) bwd.of_cells(set.theta, layer.in, g.out_bwd, m.of_bwd);
    const std::int64_t cells = layer.sub_rnns() * op_.cell_size;
    VsmlSliceGradients all{.slice = slice_of(tick, m),
                           .w_t = set.w_t,
                           .w_u_t = set.w_u_t,
                           .of_fwd = m.of_fwd,
                           .of_bwd = g.out_bwd != nullptr ? m.of_bwd : nullptr,
                           .dL_dh = g.state,
                           .dL_dc = g.state + cells,
                           .dL_dz_fwd = m.dL_dz_fwd};
    all.slice.sum_over_outputs = g.out_bwd != nullptr ? m.sum_over_outputs : nullptr;
    parallel_for(threads_, slices_of(layer), [&](std::int64_t s) {
      VsmlSliceGradients part = all;
      part.slice = part_of(all.slice, layer, s);
      float* parts = m.parts + s * sums.size;
      std::fill_n(parts, sums.size, 0.0f);
      part.slice.sum_over_inputs = parts + sums.over_inputs;
      part.dL_dz_bwd = parts + sums.dL_dz_bwd;
      part.dL_dw = parts + sums.dL_dw;
      part.dL_dw_u = parts + sums.dL_dw_u;
      part.dL_dbeta_u = parts + sums.dL_dbeta_u;
      vsml_kernels().backward(part);
    });
    sum_parts(m.parts, slices_of(layer), sums.size, sums.size, m.total);
    add_parameter_gradients(g, m);
  }

 private:
  /// What each slice sums up, and where.
  struct Sums {
    explicit Sums(std::int64_t outputs)
        : dL_dz_bwd(outputs * vsml_cells),
          dL_dw(dL_dz_bwd + outputs * vsml_gates),
          dL_dw_u(dL_dw + vsml_cells * vsml_gates),
          dL_dbeta_u(dL_dw_u + vsml_cells * vsml_cells),
          size(dL_dbeta_u + vsml_cells) {}

    std::int64_t over_inputs = 0, dL_dz_bwd, dL_dw, dL_dw_u, dL_dbeta_u, size;
  };
  struct Memory {
    float *parts, *total;                          ///< Sums of every slice and of all
    float *z_bwd, *of_fwd;                         ///< [outputs, 64], [outputs, 16]
    float *dL_dz_fwd, *of_bwd, *sum_over_outputs;  ///< [inputs, 64], [inputs, 16] twice
  };

  float* behind_sets() const { return memory_ + op_.sets() * PackedSet::size; }
  Memory memory_for(const VsmlLayer& layer) const {
    float* at = behind_sets();
    const auto take = [&](std::int64_t count) { return (at += count) - count; };
    const std::int64_t sums = Sums(layer.out).size;
    Memory m{};
    m.parts = take(slices_of(layer) * sums);
    m.total = take(sums);
    m.z_bwd = take(layer.out * vsml_gates);
    m.of_fwd = take(layer.out * vsml_cells);
    m.dL_dz_fwd = take(layer.in * vsml_gates);
    m.of_bwd = take(layer.in * vsml_cells);
    m.sum_over_outputs = take(layer.in * vsml_cells);
    return m;
  }
  const PackedSet& set_of(const VsmlTick<float>& tick) const { return sets_[static_cast<std::size_t>(tick.set)]; }

  /// The whole layer as a slice, without sums.
  VsmlSlice slice_of(const VsmlTick<float>& tick, const Memory& m) const {
    const VsmlLayer& layer = op_.layers[tick.layer];
    const PackedSet& set = set_of(tick);
    const std::int64_t cells = layer.sub_rnns() * op_.cell_size;
    std::fill_n(m.z_bwd, layer.out * vsml_gates, 0.0f);
    add_message_terms(tick.bwd, layer.out, set.theta + op_.message_size * vsml_gates, m.z_bwd);
    return {.outputs = static_cast<int>(layer.out),
            .micro_ticks = static_cast<int>(op_.micro_ticks),
            .begin = 0,
            .end = layer.in,
            .w = set.theta + 2 * op_.message_size * vsml_gates,
            .first_row = set.theta,
            .beta = set.beta,
            .fwd = tick.fwd.data,
            .stride = tick.fwd.stride,
            .live = tick.fwd.live,
            .z_bwd = m.z_bwd,
            .h = tick.before,
            .c = tick.before + cells,
            .h_after = tick.after,
            .c_after = tick.after != nullptr ? tick.after + cells : nullptr,
            .norm = op_.layer_norm,
            .w_u = set.w_u,
            .beta_u = set.beta_u,
            .message_size = static_cast<int>(op_.message_size)};
  }
  static VsmlSlice part_of(VsmlSlice slice, const VsmlLayer& layer, std::int64_t s) {
    slice.begin = s * slice_inputs;
    slice.end = std::min(layer.in, slice.begin + slice_inputs);
    return slice;
  }

  void add_parameter_gradients(const VsmlTickGradients<float>& g, const Memory& m) const {
    const VsmlTick<float>& tick = g.tick;
    const VsmlLayer& layer = op_.layers[tick.layer];
    const Sums sums(layer.out);
    const VsmlOffsets at(op_);
    const float *theta = set_of(tick).theta, *dL_dz_bwd = m.total + sums.dL_dz_bwd;
    const float *dL_dw_u = m.total + sums.dL_dw_u, *dL_dbeta_u = m.total + sums.dL_dbeta_u;
    float* dL_dtheta = dL_dtheta_ + tick.set * op_.set_size();
    for (std::int64_t b = 0; b < layer.out; ++b) {
      for (int k = 0; k < vsml_gates; ++k) dL_dtheta[at.beta + k] += dL_dz_bwd[b * vsml_gates + k];
    }
    const std::int64_t second = op_.message_size * vsml_gates, recurrent = 2 * second;
    message_terms_backward(tick.fwd, layer.in, theta, m.dL_dz_fwd, dL_dtheta, g.fwd);
    message_terms_backward(tick.bwd, layer.out, theta + second, dL_dz_bwd, dL_dtheta + second, g.bwd);
    for (int i = 0; i < vsml_cells * vsml_gates; ++i) dL_dtheta[recurrent + i] += m.total[sums.dL_dw + i];
    Messenger(op_, true, layer.in)
        .parameters(layer.out, g.out_fwd, m.total + sums.over_inputs, dL_dw_u, dL_dbeta_u, dL_dtheta);
    Messenger(op_, false, layer.out)
        .parameters(layer.in, g.out_bwd, m.sum_over_outputs, dL_dw_u, dL_dbeta_u, dL_dtheta);
  }

  const Vsml& op_;
  int threads_;
  float* memory_;
  std::array<PackedSet, 2 * Vsml::max_layers> sets_{};
  float* dL_dtheta_ = nullptr;
};

bool has_kernels(const Vsml& op) {
  return op.cell_size == vsml_cells && op.message_size <= vsml_half && op.micro_ticks <= vsml_most_micro_ticks;
}

void forward(Context& context, const Forward<Vsml>& f) {
  if (!has_kernels(f.op)) return reference::body_of(Tag<Vsml>{}, DType::f32).forward(context, f);
  vsml_forward<VsmlTicks>(context, f);
}

void backward(Context& context, const Backward<Vsml>& b) {
  if (!has_kernels(b.op)) return reference::body_of(Tag<Vsml>{}, DType::f32).backward(context, b);
  vsml_backward<VsmlTicks>(context, b);
}

}  // namespace

Body<Vsml> body_of(Tag<Vsml>) {
  return {forward, backward};
}

}  // namespace srwm::cpu
