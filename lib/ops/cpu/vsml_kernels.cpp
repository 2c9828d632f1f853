#include "ops/cpu/vsml_kernels.h"

#include "ops/cpu/fast_weight_matrix.h"
#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

constexpr int cells = vsml_cells, gates = vsml_gates;
constexpr int parts = cells / lanes;        // vectors per gate
constexpr int block = lanes == 16 ? 6 : 1;  // sub-RNNs at once: 24 or 8 vectors of sums
static_assert(vsml_tile % block == 0);

/// Sixteen numbers.
struct Cells {
  Vec v[parts];

  static Cells load(const float* p) {
    Cells result;
    for (int i = 0; i < parts; ++i) result.v[i] = SRWM_SIMD::load(p + i * lanes);
    return result;
  }
  void store(float* p) const {
    for (int i = 0; i < parts; ++i) SRWM_SIMD::store(p + i * lanes, v[i]);
  }
};

inline void add_to(float* p, const Cells& x) {
  for (int i = 0; i < parts; ++i) store(p + i * lanes, load(p + i * lanes) + x.v[i]);
}

/// z[n] += x[n] w for the N rows of x [N, 16] and w [16, 16 G].
template <int N, int G>
inline void product(const float* x, const float* w, Cells (&z)[N][G]) {
  for (int r = 0; r < cells; ++r) {
    Cells row[G];
#pragma GCC unroll 4
    for (int g = 0; g < G; ++g) row[g] = Cells::load(w + (r * G + g) * cells);
#pragma GCC unroll 6
    for (int n = 0; n < N; ++n) {
      const Vec value = broadcast(x[n * cells + r]);
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) {
#pragma GCC unroll 4
        for (int i = 0; i < parts; ++i) z[n][g].v[i] += value * row[g].v[i];
      }
    }
  }
}

/// Adds to each lane the one at `distance`, for distance, distance / 2, ..., 1.
template <int distance>
inline void add_lanes_at(Cells& sum) {
  for (Vec& part : sum.v) part += swap_lanes<distance>(part);
  if constexpr (distance > 1) add_lanes_at<distance / 2>(sum);
}

/// Sums over the first and over the second eight lanes, in all of them.
inline Cells half_sums(const Cells& x) {
  Cells sum = x;
  if constexpr (lanes == 4) {
    for (int half = 0; half < 2; ++half) sum.v[2 * half] = sum.v[2 * half + 1] = x.v[2 * half] + x.v[2 * half + 1];
  }
  add_lanes_at<lanes == 4 ? 2 : 4>(sum);
  return sum;
}

/// Layer norm of the two messages of a sub-RNN.
struct Norm {
  explicit Norm(int message_size) : share(1.0f / static_cast<float>(message_size)) {
    for (int i = 0; i < cells; ++i) mask.v[i / lanes][i % lanes] = i % vsml_half < message_size ? 1.0f : 0.0f;
  }

  /// Normalizes u; returns 1 / standard deviations.
  Cells apply(Cells& u) const {
    const Cells mean = half_sums(u);
    Cells square, scale;
    for (int i = 0; i < parts; ++i) {
      u.v[i] = (u.v[i] - mean.v[i] * share) * mask.v[i];
      square.v[i] = u.v[i] * u.v[i];
    }
    const Cells variance = half_sums(square);
    for (int i = 0; i < parts; ++i) {
      scale.v[i] = 1.0f / sqrt(variance.v[i] * share + 1e-5f);
      u.v[i] *= scale.v[i];
    }
    return scale;
  }
  /// dL/d normalized becomes dL/du.
  void backward(const Cells& normalized, const Cells& scale, Cells& g) const {
    Cells dot;
    for (int i = 0; i < parts; ++i) dot.v[i] = g.v[i] * normalized.v[i];
    const Cells sum = half_sums(g), with = half_sums(dot);
    for (int i = 0; i < parts; ++i) {
      g.v[i] = scale.v[i] * mask.v[i] * (g.v[i] - (sum.v[i] + normalized.v[i] * with.v[i]) * share);
    }
  }

  Cells mask;
  float share;
};

/// Calls body.template operator()<N>(first, N) for blocks of sub-RNNs [0, count).
template <typename Body>
inline void for_each_block(int count, const Body& body) {
  int n = 0;
  for (; n + block <= count; n += block) body.template operator()<block>(n);
  if constexpr (block > 1) {
    if (n + 4 <= count) {
      body.template operator()<4>(n);
      n += 4;
    }
    if (n + 2 <= count) {
      body.template operator()<2>(n);
      n += 2;
    }
    if (n < count) body.template operator()<1>(n);
  }
}

/// z_fwd of one input.
inline void input_terms(const VsmlSlice& s, std::int64_t a, float* z) {
  const float* message = s.fwd + a * s.stride;
  for (int k = 0; k < gates; k += lanes) {
    Vec sum = load(s.beta + k);
    for (std::int64_t j = 0; j < s.live; ++j) sum += message[j] * load(s.first_row + j * gates + k);
    store(z + k, sum);
  }
}

/// The sub-RNNs of a tile, of consecutive inputs and outputs.
struct Tile {
  std::int64_t first;  ///< its first sub-RNN
  int count;
  float z_fwd[vsml_tile][gates];  ///< of its inputs
  int input[vsml_tile];           ///< which of them
  int output[vsml_tile];
};

/// The next tile from sub-RNN `first` on.
inline void make_tile(const VsmlSlice& s, std::int64_t first, Tile& tile) {
  const std::int64_t end = s.end * s.outputs;
  tile.first = first;
  tile.count = static_cast<int>(end - first < vsml_tile ? end - first : vsml_tile);
  const std::int64_t first_input = first / s.outputs;
  int output = static_cast<int>(first % s.outputs), input = 0;
  input_terms(s, first_input, tile.z_fwd[0]);
  for (int n = 0; n < tile.count; ++n) {
    if (output == s.outputs) {
      output = 0;
      ++input;
      input_terms(s, first_input + input, tile.z_fwd[input]);
    }
    tile.input[n] = input;
    tile.output[n] = output++;
  }
}

/// z = zin + h W_h of N sub-RNNs of a tile.
template <int N>
inline void gate_sums(const VsmlSlice& s, const Tile& tile, int n, const float* h, Cells (&z)[N][4]) {
#pragma GCC unroll 6
  for (int m = 0; m < N; ++m) {
    const float *fwd = tile.z_fwd[tile.input[n + m]], *bwd = s.z_bwd + tile.output[n + m] * gates;
#pragma GCC unroll 4
    for (int g = 0; g < 4; ++g) {
#pragma GCC unroll 4
      for (int i = 0; i < parts; ++i) {
        z[m][g].v[i] = load(fwd + g * cells + i * lanes) + load(bwd + g * cells + i * lanes);
      }
    }
  }
  product<N, 4>(h, s.w, z);
}

/// c' and h' from the sums of the gates.
inline void next_state(const Cells (&z)[4], Cells& c, Cells& h) {
#pragma GCC unroll 4
  for (int i = 0; i < parts; ++i) {
    c.v[i] = quick_sigmoid(z[2].v[i]) * c.v[i] + quick_gated_tanh(z[0].v[i], z[1].v[i]);
    h.v[i] = quick_gated_tanh(z[3].v[i], c.v[i]);
  }
}

/// The same, with the gates activated in place, for the backward pass.
inline void activate(Cells (&z)[4], Cells& c, Cells& tanh_c, Cells& h) {
#pragma GCC unroll 4
  for (int i = 0; i < parts; ++i) {
    z[0].v[i] = quick_sigmoid(z[0].v[i]);
    z[1].v[i] = quick_tanh(z[1].v[i]);
    z[2].v[i] = quick_sigmoid(z[2].v[i]);
    z[3].v[i] = quick_sigmoid(z[3].v[i]);
    c.v[i] = z[2].v[i] * c.v[i] + z[0].v[i] * z[1].v[i];
    tanh_c.v[i] = quick_tanh(c.v[i]);
    h.v[i] = z[3].v[i] * tanh_c.v[i];
  }
}

/// Adds h' of a sub-RNN, or its messages, to the sums of its output and input.
inline void add_to_sums(const VsmlSlice& s, const Tile& tile, int n, const Cells& value) {
  add_to(s.sum_over_inputs + tile.output[n] * cells, value);
  if (s.sum_over_outputs == nullptr) return;
  float* sum = s.sum_over_outputs + (tile.first / s.outputs + tile.input[n]) * cells;
  if (tile.output[n] == 0) {
    value.store(sum);
  } else {
    add_to(sum, value);
  }
}

/// u = h' [W_f, W_b] + [beta_f, beta_b] of N sub-RNNs.
template <int N>
inline void messages(const VsmlSlice& s, const float* h, Cells (&u)[N][1]) {
  for (int m = 0; m < N; ++m) u[m][0] = Cells::load(s.beta_u);
  product<N, 1>(h, s.w_u, u);
}

template <int N>
inline void forward_block(const VsmlSlice& s, const Norm& norm, const Tile& tile, int n) {
  const std::int64_t at = (tile.first + n) * cells;
  alignas(64) float h[N * cells];
  Cells c[N], z[N][4], hidden;
#pragma GCC unroll 6
  for (int m = 0; m < N; ++m) c[m] = Cells::load(s.c + at + m * cells);
  const float* before = s.h + at;
  for (int micro = 0; micro < s.micro_ticks; ++micro) {
    gate_sums<N>(s, tile, n, before, z);
    for (int m = 0; m < N; ++m) {
      next_state(z[m], c[m], hidden);
      hidden.store(h + m * cells);
    }
    before = h;
  }
  Cells u[N][1];
  if (s.norm) messages<N>(s, h, u);
  for (int m = 0; m < N; ++m) {
    c[m].store(s.c_after + at + m * cells);
    hidden = Cells::load(h + m * cells);
    hidden.store(s.h_after + at + m * cells);
    if (s.norm) norm.apply(u[m][0]);
    add_to_sums(s, tile, n + m, s.norm ? u[m][0] : hidden);
  }
}

void forward(const VsmlSlice& s) {
  const Norm norm(s.message_size);
  Tile tile;
  for (std::int64_t first = s.begin * s.outputs; first < s.end * s.outputs; first += tile.count) {
    make_tile(s, first, tile);
    for_each_block(tile.count, [&]<int N>(int n) { forward_block<N>(s, norm, tile, n); });
  }
}

/// What the sub-RNNs of a tile were and are given back, per micro tick.
struct TileGradients {
  alignas(64) float h[vsml_most_micro_ticks + 1][vsml_tile * cells];  ///< before each micro tick, and at the end
  alignas(64) float c[vsml_most_micro_ticks][vsml_tile * cells];      ///< before
  alignas(64) float tanh_c[vsml_most_micro_ticks][vsml_tile * cells];
  alignas(64) float gates_of[vsml_most_micro_ticks][vsml_tile * gates];  ///< activated; then dL/dz
  alignas(64) float dL_du[vsml_tile * cells];
  alignas(64) float dL_dh[vsml_tile * cells];
};

template <int N>
inline void forward_again(const VsmlSlice& s, const Tile& tile, int n, TileGradients& g) {
  const std::int64_t at = (tile.first + n) * cells;
  Cells c[N], z[N][4], hidden, tanh_c;
  for (int m = 0; m < N; ++m) {
    c[m] = Cells::load(s.c + at + m * cells);
    Cells::load(s.h + at + m * cells).store(g.h[0] + (n + m) * cells);
  }
  for (int micro = 0; micro < s.micro_ticks; ++micro) {
    gate_sums<N>(s, tile, n, g.h[micro] + n * cells, z);
    for (int m = 0; m < N; ++m) {
      c[m].store(g.c[micro] + (n + m) * cells);
      activate(z[m], c[m], tanh_c, hidden);
      tanh_c.store(g.tanh_c[micro] + (n + m) * cells);
      hidden.store(g.h[micro + 1] + (n + m) * cells);
      for (int k = 0; k < 4; ++k) z[m][k].store(g.gates_of[micro] + (n + m) * gates + k * cells);
    }
  }
}

/// dL/dh' of N sub-RNNs by their messages is added to theirs by the state after.
template <int N>
inline void messages_backward(const VsmlSliceGradients& b, const Norm& norm, const Tile& tile, int n,
                              TileGradients& g) {
  const VsmlSlice& s = b.slice;
  Cells u[N][1], dL_dh[N][1];
  if (s.norm) messages<N>(s, g.h[s.micro_ticks] + n * cells, u);
  for (int m = 0; m < N; ++m) {
    const std::int64_t input = tile.first / s.outputs + tile.input[n + m];
    dL_dh[m][0] = Cells::load(b.dL_dh + (tile.first + n + m) * cells);
    Cells of_messages = Cells::load(b.of_fwd + tile.output[n + m] * cells);
    if (b.of_bwd != nullptr) {
      const Cells of_bwd = Cells::load(b.of_bwd + input * cells);
      for (int i = 0; i < parts; ++i) of_messages.v[i] += of_bwd.v[i];
    }
    if (s.norm) {
      const Cells scale = norm.apply(u[m][0]);
      add_to_sums(s, tile, n + m, u[m][0]);
      norm.backward(u[m][0], scale, of_messages);
      of_messages.store(g.dL_du + (n + m) * cells);
      add_to(b.dL_dbeta_u, of_messages);
    } else {
      add_to_sums(s, tile, n + m, Cells::load(g.h[s.micro_ticks] + (n + m) * cells));
      for (int i = 0; i < parts; ++i) dL_dh[m][0].v[i] += of_messages.v[i];
    }
  }
  if (s.norm) product<N, 1>(g.dL_du + n * cells, b.w_u_t, dL_dh);
  for (int m = 0; m < N; ++m) dL_dh[m][0].store(g.dL_dh + (n + m) * cells);
}

/// dL/dz of one sub-RNN in place of its gates, from dL/dh' and dL/dc'; dL/dc' becomes dL/dc.
inline void gates_backward(float* of_gates, const float* c, const float* tanh_c, const float* dL_dh, Cells& dL_dc) {
  Cells z[4];
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) z[k] = Cells::load(of_gates + k * cells);
#pragma GCC unroll 4
  for (int p = 0; p < parts; ++p) {
    const Vec i = z[0].v[p], gate = z[1].v[p], f = z[2].v[p], o = z[3].v[p];
    const Vec t = load(tanh_c + p * lanes), of_h = load(dL_dh + p * lanes);
    const Vec of_c = dL_dc.v[p] + of_h * o * (1.0f - t * t);
    z[0].v[p] = of_c * gate * i * (1.0f - i);
    z[1].v[p] = of_c * i * (1.0f - gate * gate);
    z[2].v[p] = of_c * load(c + p * lanes) * f * (1.0f - f);
    z[3].v[p] = of_h * t * o * (1.0f - o);
    dL_dc.v[p] = of_c * f;
  }
#pragma GCC unroll 4
  for (int k = 0; k < 4; ++k) z[k].store(of_gates + k * cells);
}

/// h[n] = z[n] w_t for N rows z [N, 64], w_t [64, 16].
template <int N>
inline void product_back(const float* z, const float* w_t, float* h) {
  Cells even[N], odd[N];  // two sums each, for the latency
  for (int m = 0; m < N; ++m) even[m] = odd[m] = Cells{};
  for (int k = 0; k < gates; k += 2) {
    const Cells row = Cells::load(w_t + k * cells), next = Cells::load(w_t + (k + 1) * cells);
#pragma GCC unroll 6
    for (int m = 0; m < N; ++m) {
      const Vec first = broadcast(z[m * gates + k]), second = broadcast(z[m * gates + k + 1]);
#pragma GCC unroll 4
      for (int i = 0; i < parts; ++i) {
        even[m].v[i] += first * row.v[i];
        odd[m].v[i] += second * next.v[i];
      }
    }
  }
  for (int m = 0; m < N; ++m) {
    for (int i = 0; i < parts; ++i) store(h + m * cells + i * lanes, even[m].v[i] + odd[m].v[i]);
  }
}

template <int N>
inline void backward_block(const VsmlSliceGradients& b, const Tile& tile, int n, TileGradients& g) {
  const VsmlSlice& s = b.slice;
  const std::int64_t at = (tile.first + n) * cells;
  float* dL_dh = g.dL_dh + n * cells;
  Cells dL_dc[N];
  for (int m = 0; m < N; ++m) dL_dc[m] = Cells::load(b.dL_dc + at + m * cells);
  for (int micro = s.micro_ticks; micro-- > 0;) {
    for (int m = 0; m < N; ++m) {
      gates_backward(g.gates_of[micro] + (n + m) * gates, g.c[micro] + (n + m) * cells,
                     g.tanh_c[micro] + (n + m) * cells, dL_dh + m * cells, dL_dc[m]);
    }
    product_back<N>(g.gates_of[micro] + n * gates, b.w_t, dL_dh);
  }
  for (int m = 0; m < N; ++m) {
    dL_dc[m].store(b.dL_dc + at + m * cells);
    Cells::load(dL_dh + m * cells).store(b.dL_dh + at + m * cells);
  }
}

/// w [16, 16 G] += sum over n of x[n]^T y[n], x [count, 16], y [count, 16 G].
template <int G>
inline void outer_products(const float* x, const float* y, int count, float* w) {
  constexpr int rows = lanes == 16 ? 4 : 1;
  for (int r = 0; r < cells; r += rows) {
    Cells sum[rows][G];
#pragma GCC unroll 4
    for (int j = 0; j < rows; ++j) {
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) sum[j][g] = Cells::load(w + ((r + j) * G + g) * cells);
    }
    for (int n = 0; n < count; ++n) {
      Cells row[G];
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) row[g] = Cells::load(y + (n * G + g) * cells);
#pragma GCC unroll 4
      for (int j = 0; j < rows; ++j) {
        const Vec value = broadcast(x[n * cells + r + j]);
#pragma GCC unroll 4
        for (int g = 0; g < G; ++g) {
#pragma GCC unroll 4
          for (int i = 0; i < parts; ++i) sum[j][g].v[i] += value * row[g].v[i];
        }
      }
    }
#pragma GCC unroll 4
    for (int j = 0; j < rows; ++j) {
#pragma GCC unroll 4
      for (int g = 0; g < G; ++g) sum[j][g].store(w + ((r + j) * G + g) * cells);
    }
  }
}

/// Adds the tile's dL/dz to the sums over outputs and over inputs.
inline void add_gate_sums(const VsmlSliceGradients& b, const Tile& tile, const TileGradients& g) {
  const VsmlSlice& s = b.slice;
  for (int n = 0; n < tile.count; ++n) {
    float* by_input = b.dL_dz_fwd + (tile.first / s.outputs + tile.input[n]) * gates;
    float* by_output = b.dL_dz_bwd + tile.output[n] * gates;
    for (int k = 0; k < gates; k += lanes) {
      Vec sum = load(g.gates_of[0] + n * gates + k);
      for (int micro = 1; micro < s.micro_ticks; ++micro) sum += load(g.gates_of[micro] + n * gates + k);
      store(by_input + k, tile.output[n] == 0 ? sum : load(by_input + k) + sum);
      store(by_output + k, load(by_output + k) + sum);
    }
  }
}

void backward(const VsmlSliceGradients& b) {
  const VsmlSlice& s = b.slice;
  const Norm norm(s.message_size);
  Tile tile;
  TileGradients g;
  for (std::int64_t first = s.begin * s.outputs; first < s.end * s.outputs; first += tile.count) {
    make_tile(s, first, tile);
    for_each_block(tile.count, [&]<int N>(int n) {
      forward_again<N>(s, tile, n, g);
      messages_backward<N>(b, norm, tile, n, g);
      backward_block<N>(b, tile, n, g);
    });
    for (int micro = 0; micro < s.micro_ticks; ++micro) {
      outer_products<4>(g.h[micro], g.gates_of[micro], tile.count, b.dL_dw);
    }
    if (s.norm) outer_products<1>(g.h[s.micro_ticks], g.dL_du, tile.count, b.dL_dw_u);
    add_gate_sums(b, tile, g);
  }
}

}  // namespace

const VsmlKernels vsml_kernels{forward, backward};

}  // namespace srwm::cpu::SRWM_SIMD
