// A small fast-weight matrix in memory and the products the fast-weight kernels are made of.
//
// Element (row r, column i) of a matrix with Rows rows and D columns is w[i * stride + r]: input index first, as
// in the tensors, with each column padded by zeros to whole vectors. Lanes run along a column, so
//     W v        is a sum of columns, each times one broadcast number: no lane ever meets another,
//     W += u v^T is the same in reverse, and only
//     W^T u      needs sums across lanes, done for a whole vector of columns at a time.
#pragma once

#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {

template <int N>
struct VectorOf {
  // GCC would drop the attribute from a `using`. NOLINTNEXTLINE(modernize-use-using)
  typedef float Type __attribute__((vector_size(N * sizeof(float))));
};

template <typename V>
inline V load_as(const float* p) {
  V v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
template <typename V>
inline void store_as(float* p, V v) {
  __builtin_memcpy(p, &v, sizeof v);
}

template <typename V>
constexpr int lanes_of = sizeof(V) / sizeof(float);

/// The numbers 0 .. N-1 as a pack: the index lists of shuffles are made from it.
template <int... Lane>
struct LaneList {};
template <int N, int... Lane>
struct LanesUpTo : LanesUpTo<N - 1, N - 1, Lane...> {};
template <int... Lane>
struct LanesUpTo<0, Lane...> {
  using List = LaneList<Lane...>;
};
template <typename V>
using LanesOf = typename LanesUpTo<lanes_of<V>>::List;

template <int Distance, typename V, int... Lane>
inline V swap_lanes(V v, LaneList<Lane...>) {
  return __builtin_shufflevector(v, v, (Lane ^ Distance)...);
}
/// v with lanes i and i ^ Distance swapped.
template <int Distance, typename V>
inline V swap_lanes(V v) {
  return swap_lanes<Distance>(v, LanesOf<V>());
}

template <int Distance, typename V>
inline V sum_across(V v) {
  if constexpr (Distance == 0) {
    return v;
  } else {
    return sum_across<Distance / 2>(v + swap_lanes<Distance>(v));
  }
}
/// The sum of all lanes, in every lane.
template <typename V>
inline V sum_across(V v) {
  return sum_across<lanes_of<V> / 2>(v);
}

template <int Distance, typename V>
inline V max_across(V v) {
  if constexpr (Distance == 0) {
    return v;
  } else {
    const V other = swap_lanes<Distance>(v);
    return max_across<Distance / 2>(v > other ? v : other);
  }
}
/// The largest lane, in every lane.
template <typename V>
inline V max_across(V v) {
  return max_across<lanes_of<V> / 2>(v);
}

/// Where lane i of a folded pair comes from, in the lanes of a followed by those of b; what is added to it lies
/// `fold_distance` lanes further. Written so that each step is two shuffles that every level has.
template <int Step, int N>
constexpr int fold_lane(int i) {
  const int quad = i / 4, lane = i % 4;
  if constexpr (Step == 0) return 4 * quad + lane / 2 + (lane % 2) * N;  // a0 b0 a1 b1
  if constexpr (Step == 1) return 4 * quad + lane % 2 + (lane / 2) * N;  // a0 a1 b0 b1
  if constexpr (Step == 2) return i % (N / 2) + (i / (N / 2)) * N;       // the first half of a, of b
  if constexpr (Step == 3) return lane + 8 * quad;                       // every second quad of a, of b
}
template <int Step, int N>
constexpr int fold_distance = Step < 2 ? 2 : (Step == 2 ? N / 2 : 4);

template <int Step, typename V, int... Lane>
inline V fold_pair(V a, V b, LaneList<Lane...>) {
  constexpr int n = lanes_of<V>, distance = fold_distance<Step, n>;
  return __builtin_shufflevector(a, b, fold_lane<Step, n>(Lane)...) +
         __builtin_shufflevector(a, b, (fold_lane<Step, n>(Lane) + distance)...);
}

/// v[0][i] = sum of the lanes of v[i], for as many vectors as a vector has lanes; v is used up.
template <int Step = 0, typename V>
inline V sums_of(V* v) {
  constexpr int count = lanes_of<V> / (1 << Step);
  if constexpr (count == 1) {
    return v[0];
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < count / 2; ++i) v[i] = fold_pair<Step>(v[2 * i], v[2 * i + 1], LanesOf<V>());
    return sums_of<Step + 1>(v);
  }
}

template <int D_, int Rows_>
struct FastWeightMatrix {
  static constexpr int D = D_, Rows = Rows_;
  /// Lanes in use. At D = 16 vectors of 8 waste fewer lanes on padding than vectors of 16 (56 rows for 52, not 64).
  static constexpr int width = D <= 16 && lanes > 8 ? 8 : lanes;
  using V = typename VectorOf<width>::Type;
  static constexpr int vectors = (Rows + width - 1) / width;  ///< per column
  static constexpr int stride = vectors * width;
  static constexpr int size = D * stride;
  static constexpr int whole = Rows / width * width;  ///< rows in full vectors; the rest is one group of four
  static_assert(D % width == 0 && (whole == Rows || Rows - whole == 4));

  /// out = W v
  static void multiply(const float* __restrict w, const float* __restrict v, float* __restrict out) {
    multiply_from<0>(w, v, out);
  }

  /// out = W^T u, or only the share of the first `Vectors` vectors of rows.
  template <int Vectors = vectors>
  static void multiply_transposed(const float* __restrict w, const float* __restrict u, float* __restrict out) {
    for (int i = 0; i < D; i += width) {
      V partial[width] = {};
      for (int j = 0; j < Vectors; ++j) {
        const V uj = load_as<V>(u + j * width);
#pragma GCC unroll 16
        for (int c = 0; c < width; ++c) partial[c] += load_as<V>(w + (i + c) * stride + j * width) * uj;
      }
      store_as(out + i, sums_of(partial));
    }
  }

  /// to = W + u v^T, or only the first `Vectors` vectors of rows; `to` may be `w`.
  template <int Vectors = vectors>
  static void add_outer(const float* w, const float* u, const float* v, float* to) {
    for (int i = 0; i < D; ++i) {
      const V vi = v[i] - V{};
#pragma GCC unroll 8
      for (int j = 0; j < Vectors; ++j) {
        const int at = i * stride + j * width;
        store_as(to + at, load_as<V>(w + at) + vi * load_as<V>(u + j * width));
      }
    }
  }

  /// W += u1 v1^T + u2 v2^T
  static void add_two_outer(float* w, const float* u1, const float* v1, const float* u2, const float* v2) {
    for (int i = 0; i < D; ++i) {
      const V v1i = v1[i] - V{}, v2i = v2[i] - V{};
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) {
        float* at = w + i * stride + j * width;
        store_as(at, load_as<V>(at) + v1i * load_as<V>(u1 + j * width) + v2i * load_as<V>(u2 + j * width));
      }
    }
  }

  static void clear(float* w) {
    for (int at = 0; at < size; at += width) store_as(w + at, V{});
  }

  /// to += w
  static void add(const float* w, float* to) {
    for (int at = 0; at < size; at += width) store_as(to + at, load_as<V>(to + at) + load_as<V>(w + at));
  }

  /// From the dense layout of a tensor, [D][Rows].
  static void pad(const float* dense, float* w) {
    for (int i = 0; i < D; ++i, dense += Rows, w += stride) {
      for (int r = 0; r < whole; r += width) store_as(w + r, load_as<V>(dense + r));
      if constexpr (whole < Rows) {
        store_as(w + whole, V{});
        store_as(w + whole, load_as<Rest>(dense + whole));
      }
    }
  }

  /// Writes or, with `add_to_it`, adds to the dense layout.
  static void unpad(const float* w, bool add_to_it, float* dense) {
    for (int i = 0; i < D; ++i, dense += Rows, w += stride) {
      for (int r = 0; r < whole; r += width) {
        store_as(dense + r, load_as<V>(w + r) + (add_to_it ? load_as<V>(dense + r) : V{}));
      }
      if constexpr (whole < Rows) {
        store_as(dense + whole, load_as<Rest>(w + whole) + (add_to_it ? load_as<Rest>(dense + whole) : Rest{}));
      }
    }
  }

 private:
  using Rest = typename VectorOf<4>::Type;
  static constexpr int most_vectors = 8;  ///< sums of columns kept in registers at a time

  template <int First>
  static void multiply_from(const float* __restrict w, const float* __restrict v, float* __restrict out) {
    if constexpr (First < vectors) {
      constexpr int count = vectors - First < most_vectors ? vectors - First : most_vectors;
      multiply_some<count>(w + First * width, v, out + First * width);
      multiply_from<First + count>(w, v, out);
    }
  }

  /// Rows of `Count` vectors. With few of them the columns are summed in several strands, to keep the adders busy.
  template <int Count>
  static void multiply_some(const float* __restrict w, const float* __restrict v, float* __restrict out) {
    constexpr int strands = Count >= 4 ? 1 : (Count >= 2 ? 2 : 4);
    V sums[strands][Count] = {};
    for (int i = 0; i < D; i += strands) {
#pragma GCC unroll 4
      for (int s = 0; s < strands; ++s) {
        const V vi = v[i + s] - V{};
#pragma GCC unroll 8
        for (int j = 0; j < Count; ++j) sums[s][j] += load_as<V>(w + (i + s) * stride + j * width) * vi;
      }
    }
#pragma GCC unroll 8
    for (int j = 0; j < Count; ++j) {
      V total = sums[0][j];
#pragma GCC unroll 4
      for (int s = 1; s < strands; ++s) total += sums[s][j];
      store_as(out + j * width, total);
    }
  }
};

/// run(Kernel<d>()), or a default value where there is no kernel for heads of size d.
template <template <int> class Kernel, typename Run>
auto with_kernel(int d, const Run& run) -> decltype(run(Kernel<16>())) {
  switch (d) {
    case 8:
      return run(Kernel<8>());
    case 16:
      return run(Kernel<16>());
    case 32:
      return run(Kernel<32>());
    case 64:
      return run(Kernel<64>());
    case 128:
      return run(Kernel<128>());
    default:
      return decltype(run(Kernel<16>()))();
  }
}

}  // namespace srwm::cpu::SRWM_SIMD
