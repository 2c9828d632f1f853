// The few-shot models of the SRWM paper: an image encoder, a sequence core fed with features and labels, a classifier.
#pragma once

#include <cstdint>
#include <memory>

#include "nn/core.h"
#include "nn/image_encoder.h"
#include "nn/options.h"

namespace srwm {

/// A batch of B episodes of T positions each, on the device.
struct FewShotInput {
  Tensor images;  ///< [B T, H, W, C]
  Tensor labels;  ///< i32 [B T]: class slot fed with each image
  std::int64_t batch = 0, length = 0;
  /// 0: each episode is one sequence. Q > 0: its last Q positions are branches that start from the state after the
  /// others; their rows and those of the support must then be given.
  std::int64_t queries = 0;
  Tensor rows;          ///< i32: positions b T + t whose logits are wanted, ascending; with queries: all the queries
  Tensor support_rows;  ///< i32 [B (T - Q)], with queries
};

/// A batch of B episodes for bootstrapped training; images and labels lie part by part: the support of all episodes
/// [B S], their queries [B Q], their future [B F].
struct BootstrapInput {
  Tensor images, labels;  ///< [P, H, W, C]; i32 [P]
  std::int64_t batch = 0, support = 0, queries = 0, future = 0;
};

/// What an episode's queries are answered with after its support and after its future too, and what the core holds
/// then.
struct BootstrapOutput {
  Variable logits, future_logits;  ///< [B Q, n_way]
  CoreState state, future_state;
};

/// [features, one-hot label] -> core -> out_layer.
class FewShotModel {
 public:
  FewShotModel(ParameterSet& set, const FewShotModelOptions& options, const ImageShape& image, std::int64_t n_way);

  /// Logits [rows, n_way].
  Variable logits(Tape& tape, const FewShotInput& input, ForwardMode mode) const;

  /// The four passes of bootstrapped training, in this order: support, queries, future, queries again. Each is by
  /// itself in batch-norm statistics and dropout.
  BootstrapOutput bootstrap(Tape& tape, const BootstrapInput& input) const;

 private:
  /// Features and labels [P, features + n_way] of P images.
  Variable embed(Tape& tape, const Tensor& images, const Tensor& labels, ForwardMode mode) const;
  Variable one_sequence(Tape& tape, const Variable& x, const FewShotInput& input, ForwardMode mode) const;
  Variable branches(Tape& tape, const Variable& x, const FewShotInput& input, ForwardMode mode) const;

  std::int64_t n_way_;
  DropoutSites sites_;
  std::unique_ptr<ImageEncoder> vision_;
  std::unique_ptr<SequenceCore> core_;
  LinearLayer out_layer_;
  DropoutLayer input_dropout_;
};

}  // namespace srwm
