#include "tasks/vsml/vsml_rule.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "core/error.h"
#include "core/parallel.h"
#include "tasks/vsml/image_shape.h"
#include "tasks/vsml/theta.h"

namespace srwm {
namespace {

/// What the device can read of a tensor on the host: the tensor itself on a CPU.
Tensor to_device(Context& context, const Tensor& host) {
  const bool is_real = host.dtype() == DType::f32;
  if (context.device().kind == Device::Kind::cpu && (!is_real || context.real() == DType::f32)) return host;
  if (is_real) return floats_to_device(context, host.data<float>(), host.shape());
  Tensor device = context.empty(host.shape(), host.dtype());
  context.upload(device, host.raw());
  return device;
}

}  // namespace

VsmlRule::VsmlRule(ParameterSet& parameters, const VsmlSpec& spec)
    : model_(spec.model), loss_(spec.episode.loss), seed_(spec.seed), parameters_(parameters) {
  for (const std::string& text : model_.hidden) hidden_.push_back(parse_hidden_layer(text).value());
  const std::size_t layers = model_.layerwise ? hidden_.size() + 1 : 1;
  const std::size_t sets = layers * (model_.separate_backward ? 2 : 1);
  for (std::size_t i = 0; i < sets; ++i) add_set(i == 0 ? "sub_rnn" : fmt::format("sub_rnn_{}", i));
}

void VsmlRule::add_set(const std::string& prefix) {
  const std::int64_t m = model_.message, s = model_.state;
  const auto linear = [&](const char* name, std::int64_t rows, std::int64_t columns) {
    parameters_.truncated_normal(fmt::format("{}.{}.w", prefix, name), {rows, columns},
                                 1 / std::sqrt(static_cast<double>(rows)));
    parameters_.constant(fmt::format("{}.{}.b", prefix, name), {columns}, 0);
  };
  linear("custom_lstm.linear", 2 * m + s, 4 * s);
  linear("linear", s, m);
  linear("linear_1", s, m);
  for (const char* name : {"layer_norm", "layer_norm_1"}) {
    if (!model_.layer_norm) return;
    parameters_.constant(fmt::format("{}.{}.scale", prefix, name), {m}, 1);
    parameters_.constant(fmt::format("{}.{}.offset", prefix, name), {m}, 0);
  }
}

Tensor VsmlRule::pack(Context& context) const {
  return pack_theta(context, parameters_);
}

void VsmlRule::unpack(Context& context, const Tensor& theta) {
  for_each_part(parameters_, theta,
                [&](Parameter& parameter, const Tensor& part) { context.copy(parameter.value, part); });
}

void VsmlRule::unpack_gradient(Context& context, const Tensor& dL_dtheta) {
  add_theta_gradient(context, parameters_, dL_dtheta);
}

Vsml VsmlRule::network(const EpisodeShape& shape) const {
  Vsml op{.message_size = model_.message,
          .cell_size = model_.state,
          .micro_ticks = model_.micro_ticks,
          .output_index = model_.output_index,
          .bound = model_.bound,
          .layer_norm = model_.layer_norm,
          .feed_label = model_.feed_label,
          .reverse_tick = model_.backward_pass,
          .separate_reverse = model_.separate_backward,
          .layerwise = model_.layerwise,
          .sum_messages = model_.merge == MergeKind::sum,
          .published_conv_mask = model_.published_conv_mask,
          .last_step = loss_ == LossKind::last};
  std::size_t depth = 0;
  std::int64_t units = shape.inputs;
  std::array<std::int64_t, 3> image{};
  if (!hidden_.empty() && hidden_.front().is_convolution) image = image_of(shape.inputs);
  for (const HiddenLayer& hidden : hidden_) {
    VsmlLayer& layer = op.layers.at(depth++);
    if (hidden.is_convolution) {
      layer = {.in = image[2], .out = hidden.out, .height = image[0], .width = image[1], .stride = hidden.stride};
      image = {layer.out_height(), layer.out_width(), hidden.out};
    } else {
      layer = {.in = units, .out = hidden.out};
    }
    units = layer.outputs();
  }
  op.layers.at(depth) = {.in = units, .out = shape.classes};
  return op;
}

RuleCells VsmlRule::cells_in(Context& context, const EpisodeShape& shape, const Tensor& state) const {
  const Vsml op = network(shape);
  const Tensor host = floats_on_host(context, state);
  const Shape cells{state.dim(0), op.cells()};
  RuleCells result{.h = Tensor::owning(cells, DType::f32), .c = Tensor::owning(cells, DType::f32)};
  float *h = result.h.data<float>(), *c = result.c.data<float>();
  for (std::int64_t run = 0; run < host.dim(0); ++run) {
    const float* from = host.data<float>() + run * op.state_size();
    for (int k = 0; k < op.depth(); ++k) {
      const std::int64_t count = op.layers.at(static_cast<std::size_t>(k)).sub_rnns() * op.cell_size;
      h = std::copy_n(from, count, h);
      c = std::copy_n(from + count, count, c);
      from += 2 * count;
    }
  }
  return result;
}

Tensor VsmlRule::first_cells(Context& context, const OnlineBatch& batch) const {
  const Vsml op = network(batch.shape);
  const Tensor cells = first_cells(context, op, batch);
  if (cells.absent()) return Tensor::owning({batch.episodes(), op.cells()}, DType::f32);
  const Tensor host = floats_on_host(context, cells);
  return Tensor::of<float>(host.shape(), host.span<float>());
}

Tensor VsmlRule::first_cells(Context& context, const Vsml& network, const OnlineBatch& batch) const {
  if (!batch.first_cells) return drawn_cells(context, network, batch);
  return batch.first_cells->absent() ? Tensor() : to_device(context, *batch.first_cells);
}

Tensor VsmlRule::drawn_cells(Context& context, const Vsml& network, const OnlineBatch& batch) const {
  const std::int64_t drawn = srwm::drawn_cells(model_);
  if (drawn == 0) return {};
  const Shape shape{batch.episodes(), network.cells()};
  auto* cells = static_cast<float*>(context.host_scratch(static_cast<std::size_t>(shape.numel()) * sizeof(float)));
  std::fill_n(cells, shape.numel(), 0.0f);
  parallel_for(context.threads(), batch.episodes(), [&](std::int64_t e) {
    const std::int64_t number = batch.ids[static_cast<std::size_t>(e)].number;
    RandomSequence random(seed_, Stream::vsml_state, static_cast<std::uint32_t>(number));
    float* c = cells + e * network.cells();
    for (int k = 0; k < network.depth(); ++k) {
      const VsmlLayer& layer = network.layers.at(static_cast<std::size_t>(k));
      const double std = 1 / std::sqrt(static_cast<double>(layer.convolution() ? layer.kernel() : layer.in));
      for (std::int64_t i = 0; i < layer.sub_rnns(); ++i, c += model_.state) {
        for (std::int64_t j = 0; j < drawn; ++j) c[j] = static_cast<float>(std * random.truncated_normal());
      }
    }
  });
  return floats_to_device(context, cells, shape);
}

Variables<Vsml::outputs> VsmlRule::forward(Tape& tape, const OnlineBatch& batch, const Variable& theta) const {
  Context& context = tape.context();
  Vsml op = network(batch.shape);
  op.targets = to_device(context, batch.labels);
  op.streams = batch.streams;
  if (!batch.state.absent()) op.state_first = to_device(context, batch.state);
  op.forward_only = !tape.recording();
  return tape.apply(op, {theta, to_device(context, batch.x), first_cells(context, op, batch)});
}

RuleOutput VsmlRule::run(Context& context, const OnlineBatch& batch, const Tensor& theta) {
  Tape tape(context, Tape::Mode::forward_only);
  const Variables<Vsml::outputs> out = forward(tape, batch, theta.absent() ? pack(context) : theta);
  return {.logits = out[Vsml::logits].value(), .loss = out[Vsml::loss].value(), .state = out[Vsml::state_last].value()};
}

RuleOutput VsmlRule::gradient(Context& context, const OnlineBatch& batch, double weight, const TensorWatcher& watcher) {
  Tape tape(context);
  tape.watch(watcher);
  const Variable theta = tape.leaf(pack(context));
  const Variables<Vsml::outputs> out = forward(tape, batch, theta);
  const Variable& loss = out[Vsml::loss];
  tape.backward(std::array{loss}, std::array{context.full(loss.shape(), weight)});
  unpack_gradient(context, theta.grad());
  return {.logits = out[Vsml::logits].value(), .loss = loss.value(), .state = out[Vsml::state_last].value()};
}

}  // namespace srwm
