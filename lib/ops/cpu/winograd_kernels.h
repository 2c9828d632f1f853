// The inner loops of 3x3 convolution by Winograd's F(4x4, 3x3) (Lavin, Gray, "Fast algorithms for convolutional neural
// networks", CVPR 2016): a 4x4 tile of outputs takes 36 products per channel pair instead of 144.
//
// With interpolation points 0, +-a, +-b and infinity, in one dimension (two dimensions: rows, then columns):
//   output of a tile        y  = A^T [(G g) . (B^T d)]      d: 6 inputs, g: 3 taps, y: 4 outputs
//   gradient of the taps    dg = G^T [(A dy) . (B^T d)]
// The products over channels are matrix products, one for each of the 36 positions p:
//   M[p][t][o] = sum_i V[p][t][i] U[p][i][o],   dU[p][i][o] = sum_t V[p][t][i] dM[p][t][o],   t: tile
// V, M and dM are [36][tiles][channels] with `position_stride` floats between positions; U is [36][in][out]. The
// channel counts of these four are padded to a multiple of winograd_channel_multiple, with zeros.
#pragma once

#include <cstdint>

#include "ops/cpu/simd_level.h"

namespace srwm::cpu {

constexpr int winograd_tile = 4;
constexpr int winograd_positions = 36;
constexpr int winograd_channel_multiple = 16;

/// Images [N, H, W, channels], cut into tiles of 4x4 pixels that are numbered image by image, row by row.
template <typename Float>
struct TiledImages {
  Float* data;
  std::int64_t height, width, channels;

  std::int64_t tiles_down() const { return (height + winograd_tile - 1) / winograd_tile; }
  std::int64_t tiles_across() const { return (width + winograd_tile - 1) / winograd_tile; }
  std::int64_t tiles() const { return tiles_down() * tiles_across(); }
};

struct TileRange {
  std::int64_t begin, end;
};

/// V, M or dM.
struct Transformed {
  float* data;
  std::int64_t position_stride, channels;  ///< padded channels
};

/// What happens to outputs on their way to memory.
struct WinogradOutput {
  const float* bias = nullptr;  ///< added if present
  bool accumulate = false;      ///< add to what is there
  /// If present, three rows of padded channels: a shift, the sum of (y - shift) and the sum of (y - shift)^2 over the
  /// pixels of the range. The shift is the first output, so that the sums stay accurate when the mean is large.
  float* statistics = nullptr;
};

/// Which weight is tap (r, s) from channel `in` to channel `out`: data[in * in_stride + out * out_stride + 3 r + s], or
/// with 8 - (3 r + s) where rotated.
struct WeightView {
  std::int64_t in, out, in_stride, out_stride;
  bool rotated;
};

struct WinogradKernels {
  /// Rows [in_begin, in_end) of U = G g G^T; `u` is [36][in_padded][out_padded].
  void (*transform_weight)(float* u, std::int64_t in_padded, std::int64_t out_padded, const float* weight,
                           const WeightView& view, std::int64_t in_begin, std::int64_t in_end);
  /// The reverse for the gradient: adds up `slices` buffers dU and writes or adds G^T dU G for rows [in_begin, in_end).
  void (*finish_weight_gradient)(float* dweight, const WeightView& view, const float* du, int slices,
                                 std::int64_t in_padded, std::int64_t out_padded, std::int64_t in_begin,
                                 std::int64_t in_end, bool accumulate);
  /// V = B^T d B of the tiles' 6x6 inputs, which overlap by one pixel all round; `zeros` has v.channels zeros.
  void (*transform_input)(const Transformed& v, const TiledImages<const float>& x, TileRange tiles, const float* zeros);
  /// dM = A dy A^T of the tiles' 4x4 output gradients.
  void (*transform_gradient)(const Transformed& dm, const TiledImages<const float>& dy, TileRange tiles,
                             const float* zeros);
  /// y = A^T M A.
  void (*transform_output)(const TiledImages<float>& y, const Transformed& m, TileRange tiles,
                           const WinogradOutput& output);
  /// M = V U for `rows` tiles. M may take the place of V if both have the same number of channels, at most this many.
  std::int64_t in_place_channels;
  void (*multiply)(const Transformed& m, const Transformed& v, const float* u, std::int64_t rows);
  /// dU += V^T dM over `rows` tiles.
  void (*multiply_transposed)(float* du, const Transformed& v, const Transformed& dm, std::int64_t rows);
};

SRWM_DECLARE_KERNELS(WinogradKernels, winograd_kernels)

}  // namespace srwm::cpu
