#include "ops/cpu/winograd_kernels.h"

#include "ops/cpu/simd.h"
#include "ops/cpu/winograd_products.h"
#include "ops/cpu/winograd_transforms.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

constexpr int T = winograd_tile;
constexpr int positions = winograd_positions;

struct Tile {
  std::int64_t image, top, left;
};

template <typename Float>
Tile locate(const TiledImages<Float>& x, std::int64_t tile) {
  const std::int64_t image = tile / x.tiles(), within = tile % x.tiles();
  return {image, within / x.tiles_across() * T, within % x.tiles_across() * T};
}

int valid_lanes(std::int64_t channels, std::int64_t c) {
  const std::int64_t left = channels - c;
  return left >= lanes ? lanes : left > 0 ? static_cast<int>(left) : 0;
}

void transform_weight(float* u, std::int64_t in_padded, std::int64_t out_padded, const float* weight,
                      const WeightView& view, std::int64_t in_begin, std::int64_t in_end) {
  for (std::int64_t i = in_begin; i < in_end; ++i) {
    for (std::int64_t o = 0; o < out_padded; o += lanes) {
      Vec g[3][3] = {}, half[6][3];
      const int valid = i < view.in ? valid_lanes(view.out, o) : 0;
      for (int lane = 0; lane < valid; ++lane) {
        const float* taps = weight + i * view.in_stride + (o + lane) * view.out_stride;
        for (int k = 0; k < 9; ++k) g[k / 3][k % 3][lane] = taps[view.rotated ? 8 - k : k];
      }
      for (int s = 0; s < 3; ++s) weight_1d<3, 3>(&half[0][s], &g[0][s]);
      float* to = u + i * out_padded + o;
      for (int row = 0; row < 6; ++row) {
        Vec out[6];
        weight_1d<1, 1>(out, half[row]);
        for (int col = 0; col < 6; ++col) store(to + (row * 6 + col) * in_padded * out_padded, out[col]);
      }
    }
  }
}

void scatter_taps(float* dweight, const WeightView& view, std::int64_t i, std::int64_t o, const Vec (&g)[3][3],
                  bool accumulate) {
  const int valid = valid_lanes(view.out, o);
  for (int lane = 0; lane < valid; ++lane) {
    float* taps = dweight + i * view.in_stride + (o + lane) * view.out_stride;
    for (int k = 0; k < 9; ++k) taps[k] = (accumulate ? taps[k] : 0.0f) + g[k / 3][k % 3][lane];
  }
}

void finish_weight_gradient(float* dweight, const WeightView& view, const float* du, int slices, std::int64_t in_padded,
                            std::int64_t out_padded, std::int64_t in_begin, std::int64_t in_end, bool accumulate) {
  const std::int64_t position = in_padded * out_padded;
  for (std::int64_t i = in_begin; i < in_end; ++i) {
    for (std::int64_t o = 0; o < view.out; o += lanes) {
      Vec half[3][6], g[3][3];
      for (int col = 0; col < 6; ++col) {
        Vec column[6];
        for (int row = 0; row < 6; ++row) {
          const float* from = du + (row * 6 + col) * position + i * out_padded + o;
          column[row] = load(from);
          for (int slice = 1; slice < slices; ++slice) column[row] += load(from + slice * positions * position);
        }
        weight_gradient_1d<6, 1>(&half[0][col], column);
      }
      for (int row = 0; row < 3; ++row) weight_gradient_1d<1, 1>(g[row], half[row]);
      scatter_taps(dweight, view, i, o, g, accumulate);
    }
  }
}

/// One row of V from the row of B^T d above it.
inline void store_input_row(float* v, std::int64_t position_stride, int row, const Vec (&half)[6]) {
  Vec out[6];
  input_1d(out, half);
#pragma GCC unroll 6
  for (int col = 0; col < 6; ++col) store(v + (row * 6 + col) * position_stride, out[col]);
}

/// V of one tile and vector of channels; at(row, col) loads an input. Row by row, loading inputs again for each pair of
/// rows: all 36 intermediate vectors at once would not fit into the registers.
template <typename At>
inline void input_tile(float* v, std::int64_t position_stride, const At& at) {
  Vec first[6], second[6];
#pragma GCC unroll 2
  for (int pair = 0; pair < 2; ++pair) {
#pragma GCC unroll 6
    for (int col = 0; col < 6; ++col) {
      const InputPair rows = input_pair(pair == 0 ? a : b, pair == 0 ? b2 : a2, [&](int row) { return at(row, col); });
      first[col] = rows.plus;
      second[col] = rows.minus;
    }
    store_input_row(v, position_stride, 2 * pair + 1, first);
    store_input_row(v, position_stride, 2 * pair + 2, second);
  }
#pragma GCC unroll 6
  for (int col = 0; col < 6; ++col) first[col] = input_zero([&](int row) { return at(row, col); });
  store_input_row(v, position_stride, 0, first);
#pragma GCC unroll 6
  for (int col = 0; col < 6; ++col) first[col] = input_infinity([&](int row) { return at(row, col); });
  store_input_row(v, position_stride, 5, first);
}

/// Pointers to the pixels of a square of `size`, from (top, left) of an image on; to `zeros` outside of it.
template <int size>
inline void locate_pixels(const float* (&source)[size * size], const TiledImages<const float>& x, const Tile& tile,
                          std::int64_t top, std::int64_t left, const float* zeros) {
  const float* image = x.data + tile.image * x.height * x.width * x.channels;
#pragma GCC unroll 6
  for (int row = 0; row < size; ++row) {
    const bool row_inside = top + row >= 0 && top + row < x.height;
    const std::int64_t start = ((top + row) * x.width + left) * x.channels;
#pragma GCC unroll 6
    for (int col = 0; col < size; ++col) {
      const bool inside = row_inside & (left + col >= 0) & (left + col < x.width);
      source[row * size + col] = inside ? image + (start + col * x.channels) : zeros;
    }
  }
}

void transform_input(const Transformed& v, const TiledImages<const float>& x, TileRange tiles, const float* zeros) {
  for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
    const Tile tile = locate(x, t);
    const float* source[positions];
    locate_pixels<6>(source, x, tile, tile.top - 1, tile.left - 1, zeros);
    float* to = v.data + (t - tiles.begin) * v.channels;
    for (std::int64_t c = 0; c < v.channels; c += lanes) {
      const int valid = valid_lanes(x.channels, c);
      if (valid == lanes) {
        input_tile(to + c, v.position_stride, [&](int row, int col) { return load(source[row * 6 + col] + c); });
      } else {
        input_tile(to + c, v.position_stride,
                   [&](int row, int col) { return load_first(source[row * 6 + col] + c, valid); });
      }
    }
  }
}

template <bool full>
void gradient_tile(float* dm, std::int64_t position_stride, const float* const (&source)[T * T], std::int64_t c,
                   int valid) {
  Vec half[6][4];
#pragma GCC unroll 4
  for (int col = 0; col < 4; ++col) {
    Vec d[4];
#pragma GCC unroll 4
    for (int row = 0; row < 4; ++row) {
      const float* from = source[row * T + col] + c;
      d[row] = full ? load(from) : load_first(from, valid);
    }
    gradient_1d<4, 1>(&half[0][col], d);
  }
#pragma GCC unroll 6
  for (int row = 0; row < 6; ++row) {
    Vec out[6];
    gradient_1d<1, 1>(out, half[row]);
#pragma GCC unroll 6
    for (int col = 0; col < 6; ++col) store(dm + (row * 6 + col) * position_stride + c, out[col]);
  }
}

void transform_gradient(const Transformed& dm, const TiledImages<const float>& dy, TileRange tiles,
                        const float* zeros) {
  for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
    const Tile tile = locate(dy, t);
    const float* source[T * T];
    locate_pixels<T>(source, dy, tile, tile.top, tile.left, zeros);
    float* to = dm.data + (t - tiles.begin) * dm.channels;
    for (std::int64_t c = 0; c < dm.channels; c += lanes) {
      const int valid = valid_lanes(dy.channels, c);
      if (valid == lanes) {
        gradient_tile<true>(to, dm.position_stride, source, c, valid);
      } else {
        gradient_tile<false>(to, dm.position_stride, source, c, valid);
      }
    }
  }
}

/// Where the outputs of a tile go and how many of its rows and columns lie inside the image.
struct TileOutput {
  float* to;
  std::int64_t row_stride, column_stride;
  int rows, columns;
};

/// Sums of (y - shift) and (y - shift)^2 of one vector of channels.
struct Sums {
  Vec shift, sum, squares;

  void add(Vec y) {
    const Vec d = y - shift;
    sum += d;
    squares += d * d;
  }
};

template <bool accumulate, bool statistics>
void output_tile(const TileOutput& tile, const float* m, std::int64_t position_stride, Vec bias, std::int64_t c,
                 int valid, Sums& sums, bool first) {
  Vec half[4][6];
#pragma GCC unroll 6
  for (int col = 0; col < 6; ++col) {
    Vec column[6];
#pragma GCC unroll 6
    for (int row = 0; row < 6; ++row) column[row] = load(m + (row * 6 + col) * position_stride + c);
    output_1d<6, 1>(&half[0][col], column);
  }
#pragma GCC unroll 4
  for (int row = 0; row < 4; ++row) {
    if (row >= tile.rows) break;
    Vec y[4];
    output_1d<1, 1>(y, half[row]);
    if (statistics && first && row == 0) sums.shift = y[0] + bias;
#pragma GCC unroll 4
    for (int col = 0; col < 4; ++col) {
      if (col >= tile.columns) break;
      float* to = tile.to + row * tile.row_stride + col * tile.column_stride + c;
      const Vec value = accumulate ? y[col] + bias + load_first(to, valid) : y[col] + bias;
      if (statistics) sums.add(value);
      store_first(to, value, valid);
    }
  }
}

template <bool accumulate, bool statistics>
void transform_output_as(const TiledImages<float>& y, const Transformed& m, TileRange tiles,
                         const WinogradOutput& output) {
  for (std::int64_t t = tiles.begin; t < tiles.end; ++t) {
    const Tile at = locate(y, t);
    const TileOutput tile = {y.data + ((at.image * y.height + at.top) * y.width + at.left) * y.channels,
                             y.width * y.channels, y.channels,
                             static_cast<int>(y.height - at.top < T ? y.height - at.top : T),
                             static_cast<int>(y.width - at.left < T ? y.width - at.left : T)};
    const float* from = m.data + (t - tiles.begin) * m.channels;
    const bool first = t == tiles.begin;
    for (std::int64_t c = 0; c < y.channels; c += lanes) {
      const int valid = valid_lanes(y.channels, c);
      const Vec bias = output.bias == nullptr ? Vec{} : load_first(output.bias + c, valid);
      float* shift = statistics ? output.statistics + c : nullptr;
      Sums sums = {};
      if (statistics && !first) {
        sums = {load(shift), load(shift + m.channels), load(shift + 2 * m.channels)};
      }
      output_tile<accumulate, statistics>(tile, from, m.position_stride, bias, c, valid, sums, first);
      if (statistics) {
        store(shift, sums.shift);
        store(shift + m.channels, sums.sum);
        store(shift + 2 * m.channels, sums.squares);
      }
    }
  }
}

void transform_output(const TiledImages<float>& y, const Transformed& m, TileRange tiles,
                      const WinogradOutput& output) {
  if (output.statistics != nullptr) {
    transform_output_as<false, true>(y, m, tiles, output);
  } else if (output.accumulate) {
    transform_output_as<true, false>(y, m, tiles, output);
  } else {
    transform_output_as<false, false>(y, m, tiles, output);
  }
}

void multiply(const Transformed& m, const Transformed& v, const float* u, std::int64_t rows) {
  for (int p = 0; p < positions; ++p) {
    const Product product = {m.data + p * m.position_stride,
                             v.data + p * v.position_stride,
                             u + p * v.channels * m.channels,
                             m.channels,
                             v.channels,
                             m.channels,
                             v.channels};
    product_columns<block_vectors, false>(product, rows, m.channels);
  }
}

void multiply_transposed(float* du, const Transformed& v, const Transformed& dm, std::int64_t rows) {
  for (int p = 0; p < positions; ++p) {
    const Product product = {du + p * v.channels * dm.channels,
                             v.data + p * v.position_stride,
                             dm.data + p * dm.position_stride,
                             dm.channels,
                             v.channels,
                             dm.channels,
                             rows};
    product_columns<block_vectors, true>(product, v.channels, dm.channels);
  }
}

}  // namespace

const WinogradKernels winograd_kernels{transform_weight, finish_weight_gradient, transform_input, transform_gradient,
                                       transform_output, block_vectors* lanes,   multiply,        multiply_transposed};

}  // namespace srwm::cpu::SRWM_SIMD
