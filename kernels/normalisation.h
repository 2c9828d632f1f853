// Sums over rows and columns: layer normalisation, gradients of biases, softmax cross-entropy.
#pragma once

#include <cstdint>

#include <cuda_runtime.h>

namespace srwm::cuda {

/// y[m, i] = row[i] for every row m.
void copy_to_rows(cudaStream_t stream, const float* row, float* y, std::int64_t rows, std::int64_t width);

/// Number of partial sums that the column sums below need room for: `partial` is [column_sum_slices(rows), width].
std::int64_t column_sum_slices(std::int64_t rows);
/// out[i] (+)= sum_m x[m, i], in an order that depends on the shape alone.
void column_sums(cudaStream_t stream, const float* x, std::int64_t rows, std::int64_t width, float* partial, float* out,
                 bool accumulate);
/// out[i] (+)= sum_m dL_dy[m, i] (x[m, i] - mean[m]) inv_std[m].
void normalised_column_sums(cudaStream_t stream, const float* x, const float* mean, const float* inv_std,
                            const float* dL_dy, std::int64_t rows, std::int64_t width, float* partial, float* out,
                            bool accumulate);

/// y = (x - mean) inv_std gamma + beta per row, inv_std = 1 / sqrt(var + eps); mean and inv_std [rows] are written.
void layer_norm(cudaStream_t stream, const float* x, const float* gamma, const float* beta, float eps, float* y,
                float* mean, float* inv_std, std::int64_t rows, std::int64_t width);
/// dL_dx (+)= inv_std (d - mean(d) - xhat mean(d xhat)), d = dL_dy gamma.
void layer_norm_backward(cudaStream_t stream, const float* x, const float* gamma, const float* mean,
                         const float* inv_std, const float* dL_dy, float* dL_dx, bool accumulate, std::int64_t rows,
                         std::int64_t width);

/// probabilities = softmax(logits); losses[m] = -log p[m, target]; hits[m] = 1 if the first largest logit is the
/// target's, else 0; loss = mean of losses, correct = sum of hits. All [rows] or [rows, classes] but the last two, [1].
void cross_entropy(cudaStream_t stream, const float* logits, const std::int32_t* targets, std::int64_t rows,
                   std::int64_t classes, float* probabilities, float* losses, float* hits, float* loss, float* correct);
/// dL_dlogits (+)= *dL_dloss / rows (probabilities - onehot(target)).
void cross_entropy_backward(cudaStream_t stream, const float* probabilities, const std::int32_t* targets,
                            const float* dL_dloss, float* dL_dlogits, bool accumulate, std::int64_t rows,
                            std::int64_t classes);

}  // namespace srwm::cuda
