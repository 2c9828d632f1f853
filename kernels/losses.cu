// Terms of a loss and their gradients: cross-entropy -log softmax(z)[target], KL(softmax(target) || softmax(z)),
// weighted squares, and the weighted sum of up to three terms.
//
// Rows have few classes, so a thread computes a row; one block then sums the rows in a fixed order. Squares are summed
// by mean_squares_slices blocks first.
#include "kernels/device.cuh"
#include "kernels/launch.h"
#include "kernels/log_sum_exp.cuh"
#include "kernels/losses.h"

namespace srwm::cuda {
namespace {

constexpr int sum_warps = 8;
constexpr int sum_threads = sum_warps * warp_size;

Launch row_launch(std::int64_t rows) {
  return {static_cast<unsigned>(ceil_div(rows, 128)), 128};
}

__global__ void weighted_sum_kernel(SumTerms terms, float* y) {
  float sum = 0;
  for (int i = 0; i < 3; ++i) sum += terms.weight[i] * *terms.x[i];
  *y = sum;
}

__global__ void scaled_kernel(const float* x, float weight, float* out, bool accumulate) {
  put(accumulate, *out, weight * *x);
}

__global__ void cross_entropy_rows_kernel(CrossEntropyForward f) {
  const std::int64_t row = thread_index();
  if (row >= f.rows) return;
  const float* z = f.logits + row * f.classes;
  float* p = f.probabilities + row * f.classes;
  const std::int32_t target = f.targets[row];
  float largest = z[0];
  std::int64_t first = 0;
  for (std::int64_t i = 1; i < f.classes; ++i) {
    if (z[i] > largest) {
      largest = z[i];
      first = i;
    }
  }
  float sum = 0;
  for (std::int64_t i = 0; i < f.classes; ++i) sum += p[i] = expf(z[i] - largest);
  for (std::int64_t i = 0; i < f.classes; ++i) p[i] /= sum;
  const float loss = logf(sum) + largest - z[target];
  f.losses[row] = loss;
  f.hits[row] = first == target && loss == loss ? 1.0f : 0.0f;  // a NaN anywhere makes the loss NaN
}

__global__ void mean_and_sum_kernel(CrossEntropyForward f) {
  float total = 0, hit = 0;
  for (std::int64_t m = threadIdx.x; m < f.rows; m += sum_threads) {
    total += f.losses[m];
    hit += f.hits[m];
  }
  total = block_sum<sum_warps>(total);
  hit = block_sum<sum_warps>(hit);
  if (threadIdx.x > 0) return;
  *f.loss = total / static_cast<float>(f.rows);
  *f.correct = hit;
}

__global__ void cross_entropy_backward_kernel(CrossEntropyBackward b) {
  const float scale = *b.dL_dloss / static_cast<float>(b.rows);
  for (std::int64_t i = thread_index(); i < b.rows * b.classes; i += thread_count()) {
    const float one_hot = i % b.classes == b.targets[i / b.classes] ? 1.0f : 0.0f;
    put(b.accumulate, b.dL_dlogits[i], scale * (b.probabilities[i] - one_hot));
  }
}

__global__ void kl_divergence_rows_kernel(KlDivergenceForward f) {
  const std::int64_t row = thread_index();
  if (row >= f.rows) return;
  const float *w = f.target + row * f.classes, *z = f.logits + row * f.classes;
  float* difference = f.difference + row * f.classes;
  const float log_sum_p = log_sum_exp(w, f.classes), log_sum_q = log_sum_exp(z, f.classes);
  float divergence = 0;
  for (int i = 0; i < f.classes; ++i) {
    const float log_p = w[i] - log_sum_p, log_q = z[i] - log_sum_q, p = expf(log_p);
    difference[i] = expf(log_q) - p;
    divergence += p * (log_p - log_q);
  }
  f.divergences[row] = divergence;
}

/// One block: *out = scale * sum of x.
__global__ void sum_kernel(const float* x, std::int64_t n, float scale, float* out) {
  float total = 0;
  for (std::int64_t i = threadIdx.x; i < n; i += sum_threads) total += x[i];
  total = block_sum<sum_warps>(total);
  if (threadIdx.x == 0) *out = scale * total;
}

__global__ void kl_divergence_backward_kernel(const float* difference, const float* dL_dloss, std::int64_t rows,
                                              std::int64_t classes, float* dL_dlogits, bool accumulate) {
  const float scale = *dL_dloss / static_cast<float>(rows);
  for (std::int64_t i = thread_index(); i < rows * classes; i += thread_count()) {
    put(accumulate, dL_dlogits[i], scale * difference[i]);
  }
}

__device__ float weight_of(const SquareBlocks& blocks, std::int64_t element) {
  const std::int64_t column = element % blocks.columns;
  float weight = 0;
#pragma unroll
  for (int block = SquareBlocks::most - 1; block >= 0; --block) {  // known indices: no copy of the blocks in memory
    if (column < blocks.end[block]) weight = blocks.weight[block];
  }
  return weight;
}

/// A partial sum per block.
__global__ void mean_squares_kernel(const float* x, const float* target, SquareBlocks blocks, float* partial) {
  float total = 0;
  for (std::int64_t i = thread_index(); i < blocks.elements; i += thread_count()) {
    const float difference = x[i] - target[i];
    total += weight_of(blocks, i) * difference * difference;
  }
  total = block_sum<sum_warps>(total);
  if (threadIdx.x == 0) partial[blockIdx.x] = total;
}

__global__ void mean_squares_backward_kernel(const float* x, const float* target, SquareBlocks blocks,
                                             const float* dL_dloss, float* dL_dx, bool accumulate) {
  const float scale = 2 * *dL_dloss;
  for (std::int64_t i = thread_index(); i < blocks.elements; i += thread_count()) {
    put(accumulate, dL_dx[i], scale * weight_of(blocks, i) * (x[i] - target[i]));
  }
}

}  // namespace

void weighted_sum(cudaStream_t stream, const SumTerms& terms, float* y) {
  launch("weighted_sum", weighted_sum_kernel, Launch{1, 1}, stream, terms, y);
}

void scaled(cudaStream_t stream, const float* x, float weight, float* out, bool accumulate) {
  launch("scaled", scaled_kernel, Launch{1, 1}, stream, x, weight, out, accumulate);
}

void cross_entropy(cudaStream_t stream, const CrossEntropyForward& p) {
  launch("cross_entropy", cross_entropy_rows_kernel, row_launch(p.rows), stream, p);
  launch("cross_entropy", mean_and_sum_kernel, Launch{1, sum_threads}, stream, p);
}

void cross_entropy_backward(cudaStream_t stream, const CrossEntropyBackward& p) {
  launch("cross_entropy_backward", cross_entropy_backward_kernel, elementwise(p.rows * p.classes), stream, p);
}

void kl_divergence(cudaStream_t stream, const KlDivergenceForward& p) {
  launch("kl_divergence", kl_divergence_rows_kernel, row_launch(p.rows), stream, p);
  launch("kl_divergence", sum_kernel, Launch{1, sum_threads}, stream, p.divergences, p.rows,
         1.0f / static_cast<float>(p.rows), p.loss);
}

void kl_divergence_backward(cudaStream_t stream, const float* difference, const float* dL_dloss, std::int64_t rows,
                            std::int64_t classes, float* dL_dlogits, bool accumulate) {
  launch("kl_divergence_backward", kl_divergence_backward_kernel, elementwise(rows * classes), stream, difference,
         dL_dloss, rows, classes, dL_dlogits, accumulate);
}

void mean_squares(cudaStream_t stream, const float* x, const float* target, const SquareBlocks& blocks, float* partial,
                  float* loss) {
  launch("mean_squares", mean_squares_kernel, Launch{mean_squares_slices, sum_threads}, stream, x, target, blocks,
         partial);
  launch("mean_squares", sum_kernel, Launch{1, sum_threads}, stream, partial, mean_squares_slices, 1.0f, loss);
}

void mean_squares_backward(cudaStream_t stream, const float* x, const float* target, const SquareBlocks& blocks,
                           const float* dL_dloss, float* dL_dx, bool accumulate) {
  launch("mean_squares_backward", mean_squares_backward_kernel, elementwise(blocks.elements), stream, x, target, blocks,
         dL_dloss, dL_dx, accumulate);
}

}  // namespace srwm::cuda
