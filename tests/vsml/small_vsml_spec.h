// A small learning rule on generated characters: some milliseconds a step.
#pragma once

#include "tasks/vsml/vsml_spec.h"

namespace srwm::test {

/// Two classes of glyphs of 4 x 4 pixels, eight images an episode; trained by evolution strategies with three pairs.
inline VsmlSpec small_vsml_spec() {
  VsmlSpec spec;
  spec.name = "small";
  spec.data.glyphs = {.image_size = 16, .train_classes = 8, .val_classes = 4, .test_classes = 4, .images_per_class = 6};
  spec.data.glyph_classes = 2;
  for (StreamSpec* streams : {static_cast<StreamSpec*>(&spec.data), &spec.validation.streams, &spec.test.streams}) {
    *streams = {.datasets = {"glyphs"}, .sizes = {4}};
  }
  spec.data.tasks = 6;
  spec.data.project = 0.5;
  spec.episode.length = 8;
  spec.model.message = 2;
  spec.model.state = 4;
  spec.train.steps = 12;
  spec.train.evolution = {.population = 3, .noise = 0.1};
  spec.train.report_every = 5;
  spec.validation.every = 4;
  spec.validation.length = 8;
  spec.validation.episodes = 3;
  spec.test.length = 8;
  spec.test.episodes = 5;
  spec.checkpoint = {.every = 3};
  return spec;
}

/// The same by backpropagation through time, two passes a step.
inline VsmlSpec small_backward_spec() {
  VsmlSpec spec = small_vsml_spec();
  spec.train.gradient = VsmlGradient::backward;
  spec.train.evolution = {};
  spec.train.batch = 3;
  spec.train.accumulate = 2;
  spec.optim.rate = 1e-3;
  return spec;
}

/// The same, an episode being two sequences seen in parallel.
inline VsmlSpec small_streams_spec() {
  VsmlSpec spec = small_backward_spec();
  spec.episode.streams = 2;
  return spec;
}

/// A Meta RNN by evolution strategies; its inputs are padded, so that tasks of any size fit.
inline VsmlSpec small_baseline_spec() {
  VsmlSpec spec = small_vsml_spec();
  spec.model = {.kind = ModelKind::meta_rnn};
  spec.model.lstm_units = 3;
  spec.data.pad = true;
  return spec;
}

}  // namespace srwm::test
