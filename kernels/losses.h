// Terms of a loss: cross-entropy, divergence from given predictions, distance from a given tensor, their weighted sum.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// y = sum_i weight[i] x[i], all of one element.
struct SumTerms {
  const float* x[3];
  float weight[3];
};
void weighted_sum(cudaStream_t stream, const SumTerms& terms, float* y);
/// *out (+)= weight * *x.
void scaled(cudaStream_t stream, const float* x, float weight, float* out, bool accumulate);

struct CrossEntropyForward {
  std::int64_t rows, classes;
  const float* logits;          ///< [rows, classes]
  const std::int32_t* targets;  ///< [rows]
  float* probabilities;         ///< [rows, classes]
  float *losses, *hits;         ///< [rows]
  float *loss, *correct;        ///< one number each
};
/// probabilities = softmax(logits); losses[m] = -log p[m, target]; hits[m] = 1 if the first largest logit is the
/// target's, else 0; loss = mean of losses, correct = sum of hits.
void cross_entropy(cudaStream_t stream, const CrossEntropyForward& p);

struct CrossEntropyBackward {
  std::int64_t rows, classes;
  const float* probabilities;
  const std::int32_t* targets;
  const float* dL_dloss;
  float* dL_dlogits;
  bool accumulate;
};
/// dL_dlogits (+)= *dL_dloss / rows (probabilities - onehot(target)).
void cross_entropy_backward(cudaStream_t stream, const CrossEntropyBackward& p);

struct KlDivergenceForward {
  std::int64_t rows;
  int classes;
  const float *target, *logits;  ///< [rows, classes]
  float* difference;             ///< [rows, classes]
  float* divergences;            ///< [rows]
  float* loss;
};
/// p = softmax(target), q = softmax(logits), difference = q - p; divergences[m] = KL(p_m || q_m); loss = their mean.
void kl_divergence(cudaStream_t stream, const KlDivergenceForward& p);
/// dL_dlogits (+)= *dL_dloss / rows difference.
void kl_divergence_backward(cudaStream_t stream, const float* difference, const float* dL_dloss, std::int64_t rows,
                            std::int64_t classes, float* dL_dlogits, bool accumulate);

/// Columns of a matrix in up to four blocks, each with a weight for its squares; ends ascend, the last is the width.
struct SquareBlocks {
  static constexpr int most = 4;
  std::int64_t elements, columns;
  std::int64_t end[most];
  float weight[most];
};
/// Number of partial sums that mean_squares needs room for.
constexpr int mean_squares_slices = 128;
/// loss = sum over elements of weight(column) (x - target)^2, in an order that depends on the shape alone.
void mean_squares(cudaStream_t stream, const float* x, const float* target, const SquareBlocks& blocks, float* partial,
                  float* loss);
/// dL_dx (+)= *dL_dloss 2 weight(column) (x - target).
void mean_squares_backward(cudaStream_t stream, const float* x, const float* target, const SquareBlocks& blocks,
                           const float* dL_dloss, float* dL_dx, bool accumulate);

}  // namespace srwm::cuda
