// A small fast-weight matrix in memory and the products the fast-weight kernels are made of.
//
// Element (row r, column i) of a matrix with Rows rows and D columns stands at w[i * stride + r]: input index first, as
// in the tensors, with each column padded by zeros to whole vectors. Lanes run along a column, so
//     W v        is a sum of columns, each times one broadcast number: no lane ever meets another,
//     W += u v^T is the same in reverse, and only
//     W^T u      needs sums across lanes, done for a whole vector of columns at a time.
#pragma once

#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {

template <int N>
struct VectorOf {
  typedef float Type __attribute__((vector_size(N * sizeof(float))));  // GCC drops the attribute from a `using` here
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

/// v with lanes i and i ^ Distance swapped.
template <int Distance, typename V>
inline V swap_lanes(V v) {
  decltype(v < v) index;
  for (int i = 0; i < lanes_of<V>; ++i) index[i] = i ^ Distance;
  return __builtin_shuffle(v, index);
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

/// Lanes with bit Distance clear: a[i] + a[i ^ Distance]; set: b[i] + b[i ^ Distance].
template <int Distance, typename V>
inline V fold_pair(V a, V b) {
  decltype(a < a) kept, moved;
  for (int i = 0; i < lanes_of<V>; ++i) {
    const bool from_b = (i & Distance) != 0;
    kept[i] = from_b ? i + lanes_of<V> : i;
    moved[i] = kept[i] ^ Distance;
  }
  return __builtin_shuffle(a, b, kept) + __builtin_shuffle(a, b, moved);
}

/// v[0][i] = sum of the lanes of v[i], for as many vectors as a vector has lanes; v is used up.
template <int Distance = 1, typename V>
inline V sums_of(V* v) {
  if constexpr (Distance == lanes_of<V>) {
    return v[0];
  } else {
#pragma GCC unroll 8
    for (int i = 0; i < lanes_of<V> / (2 * Distance); ++i) v[i] = fold_pair<Distance>(v[2 * i], v[2 * i + 1]);
    return sums_of<2 * Distance>(v);
  }
}

template <int D_, int Rows_>
struct FastWeightMatrix {
  static constexpr int D = D_, Rows = Rows_;
  static constexpr int width = D < lanes ? D : lanes;  ///< lanes in use
  using V = typename VectorOf<width>::Type;
  static constexpr int vectors = (Rows + width - 1) / width;  ///< per column
  static constexpr int stride = vectors * width;
  static constexpr int size = D * stride;
  static_assert(D % width == 0);

  /// out = W v
  static void multiply(const float* __restrict w, const float* __restrict v, float* __restrict out) {
    multiply_from<0>(w, v, out);
  }

  /// out = W^T u
  static void multiply_transposed(const float* __restrict w, const float* __restrict u, float* __restrict out) {
    for (int i = 0; i < D; i += width) {
      V partial[width] = {};
      for (int j = 0; j < vectors; ++j) {
        const V uj = load_as<V>(u + j * width);
#pragma GCC unroll 16
        for (int c = 0; c < width; ++c) partial[c] += load_as<V>(w + (i + c) * stride + j * width) * uj;
      }
      store_as(out + i, sums_of(partial));
    }
  }

  /// to = W + u v^T; `to` may be `w`.
  static void add_outer(const float* w, const float* u, const float* v, float* to) {
    for (int i = 0; i < D; ++i) {
      const V vi = v[i] - V{};
#pragma GCC unroll 8
      for (int j = 0; j < vectors; ++j) {
        const int at = i * stride + j * width;
        store_as(to + at, load_as<V>(w + at) + vi * load_as<V>(u + j * width));
      }
    }
  }

  /// From the dense layout of a tensor, [D][Rows].
  static void pad(const float* dense, float* w) {
    for (int i = 0; i < D; ++i) {
      for (int r = 0; r < Rows; ++r) w[i * stride + r] = dense[i * Rows + r];
      for (int r = Rows; r < stride; ++r) w[i * stride + r] = 0;
    }
  }

  /// Writes or, with `add`, adds to the dense layout.
  static void unpad(const float* w, bool add, float* dense) {
    for (int i = 0; i < D; ++i) {
      for (int r = 0; r < Rows; ++r) dense[i * Rows + r] = w[i * stride + r] + (add ? dense[i * Rows + r] : 0.0f);
    }
  }

 private:
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

}  // namespace srwm::cpu::SRWM_SIMD
