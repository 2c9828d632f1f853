// Vsml on the GPU: one dense layer; see kernels/vsml.cu.
#include "ops/vsml.h"

#include "core/error.h"
#include "kernels/fast_weights.h"
#include "kernels/vsml.h"
#include "ops/cuda/grad.h"
#include "ops/scratch.h"

namespace srwm::cuda {
namespace {

/// DeviceError unless the kernels can do it.
void require_kernels(const Vsml& op) {
  const bool small = op.cell_size == vsml_cells && op.message_size <= vsml_most_message;
  if (op.depth() == 1 && small && op.top().out <= vsml_most_outputs && op.streams == 1 && !op.reverse_tick) return;
  throw DeviceError(
      "vsml: the GPU runs one dense layer of at most {} outputs, state {}, messages of at most {}, one stream, without "
      "reverse tick. Change the model, or use --device cpu.",
      vsml_most_outputs, vsml_cells, vsml_most_message);
}

VsmlInputs inputs_of(const Vsml& op, const Tensors<Vsml::inputs>& in) {
  const srwm::VsmlSizes n(op, in);
  const auto narrow = [](std::int64_t value) { return static_cast<int>(value); };
  return {.sizes = {.runs = narrow(n.runs),
                    .groups = narrow(n.groups),
                    .episodes = narrow(n.episodes),
                    .cell_groups = narrow(n.cell_groups),
                    .steps = narrow(n.steps),
                    .segment_steps = narrow(n.segment_steps),
                    .segments = narrow(n.segments),
                    .inputs = narrow(n.inputs),
                    .outputs = narrow(n.outputs),
                    .message_size = narrow(op.message_size),
                    .micro_ticks = narrow(op.micro_ticks),
                    .output_index = narrow(op.output_index),
                    .bound = static_cast<float>(op.bound),
                    .layer_norm = op.layer_norm,
                    .feed_label = op.feed_label,
                    .sum_messages = op.sum_messages,
                    .last_step = op.last_step},
          .theta = in[Vsml::theta].data<float>(),
          .x = in[Vsml::x].data<float>(),
          .targets = op.targets.data<std::int32_t>()};
}

void forward(Context& context, const Forward<Vsml>& f) {
  require_kernels(f.op);
  const VsmlInputs in = inputs_of(f.op, f.in);
  const VsmlSizes& n = in.sizes;
  if (!f.op.forward_only) f.saved.segments = context.empty({n.runs, n.segments, n.state()});
  vsml_forward(stream_of(context), {.in = in,
                                    .c_first = f.in[Vsml::c_first].data<float>(),
                                    .state_first = f.op.state_first.data<float>(),
                                    .logits = f.out[Vsml::logits].data<float>(),
                                    .loss = f.out[Vsml::loss].data<float>(),
                                    .state = f.out[Vsml::state_last].data<float>(),
                                    .segments = f.saved.segments.data<float>()});
}

void backward(Context& context, const Backward<Vsml>& g) {
  SRWM_CHECK(!g.op.forward_only, "vsml: backward of an op that was marked forward_only");
  const VsmlInputs in = inputs_of(g.op, g.in);
  const VsmlSizes& n = in.sizes;
  const Grad &theta = g.dL_din[Vsml::theta], &x = g.dL_din[Vsml::x], &c_first = g.dL_din[Vsml::c_first];
  const ScratchScope scope(context);
  const Tensor each_theta = context.empty({n.runs, n.parameters()});
  const Tensor each_x = x.wanted() ? context.empty({n.runs, n.steps, n.inputs}) : Tensor();
  const Tensor states = context.empty({n.runs, n.segment_steps + 1, 2 * n.cells()});
  const Tensor records = context.empty({n.runs, n.segment_steps, 4 * n.outputs});
  const Tensor dL_dstate = context.empty({n.runs, 2 * n.cells()});
  vsml_backward(stream_of(context), {.in = in,
                                     .segments = g.saved.segments.data<float>(),
                                     .dL_dlogits = g.dL_dout[Vsml::logits].data<float>(),
                                     .dL_dloss = g.dL_dout[Vsml::loss].data<float>(),
                                     .states = states.data<float>(),
                                     .records = records.data<float>(),
                                     .dL_dstate = dL_dstate.data<float>(),
                                     .dL_dtheta = each_theta.data<float>(),
                                     .dL_dx = each_x.data<float>()});
  const auto add = [&](const Grad& grad, const Tensor& each, int groups, std::int64_t count) {
    if (!grad.wanted()) return;
    add_groups(stream_of(context), each.data<float>(), n.runs, groups, count, grad.value.data<float>(),
               accumulates(grad));
  };
  add(theta, each_theta, n.groups, n.parameters());
  add(x, each_x, n.episodes, static_cast<std::int64_t>(n.steps) * n.inputs);
  if (!c_first.wanted()) return;
  const Tensor each_c = context.zeros({n.runs, n.cells()});
  if (!g.op.state_first) vsml_first_cells(stream_of(context), n, dL_dstate.data<float>(), each_c.data<float>());
  add(c_first, each_c, n.cell_groups, n.cells());
}

}  // namespace

Body<Vsml> body_of(Tag<Vsml>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
