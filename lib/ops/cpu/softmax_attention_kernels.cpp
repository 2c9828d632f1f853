// Forward and backward of causal softmax attention for one (sequence, head); equations in ops/softmax_attention.h.
// Keys and values of the positions that are not forgotten are packed twice: as columns, lanes along the positions, for
// q . k and dL/dy . v, and as rows, lanes along the head, for what is summed over positions. Several steps are done at
// once, so that each loaded key or value serves all of them.
#include "ops/cpu/softmax_attention_kernels.h"

#include "ops/cpu/fast_weight_matrix.h"
#include "ops/cpu/vector_math.h"

namespace srwm::cpu::SRWM_SIMD {
namespace {

using Problem = SoftmaxAttentionProblem;
using Gradients = SoftmaxAttentionGradients;

constexpr int rows = 4;  ///< steps done at once

std::int64_t round_up(std::int64_t n) {
  return (n + lanes - 1) / lanes * lanes;
}

/// Offsets of the parts of one (sequence, head). Positions are those of the past, then those of the segment.
struct Head {
  Head(const Problem& problem, std::int64_t sequence, std::int64_t head)
      : p(problem),
        b(sequence),
        h(head),
        d(problem.d),
        padded(round_up(problem.d)),
        width(2 * problem.heads * problem.d + 1),
        positions(problem.past_steps + problem.steps) {}

  const float* query(std::int64_t t) const { return p.projected + ((b * p.steps + t) * p.heads + h) * 3 * d; }
  std::int64_t output(std::int64_t t) const { return ((b * p.steps + t) * p.heads + h) * d; }
  std::int64_t memory_row(std::int64_t j) const { return (b * positions + j) * width; }
  const float* past_row(std::int64_t j) const { return p.past + (b / (p.batch / p.groups) * p.past_steps + j) * width; }
  bool remembers(std::int64_t j) const { return past_row(j)[width - 1] > 0; }
  /// k and v of a position.
  const float* key(std::int64_t j) const {
    return j < p.past_steps ? past_row(j) + h * 2 * d : query(j - p.past_steps) + d;
  }
  bool resets(std::int64_t t) const { return p.reset && p.reset[b * p.steps + t] != 0; }
  float* log_sums() const { return p.log_sums + (b * p.heads + h) * p.steps; }

  const Problem& p;
  std::int64_t b, h, d;
  std::int64_t padded;  ///< d in whole vectors
  std::int64_t width;   ///< of a row of memory
  std::int64_t positions;
};

/// The positions that are not forgotten from the start, one after the other: `old` of the past, then the segment's.
struct Packed {
  Packed(float* memory, const Head& head)
      : columns(round_up(head.positions)),
        keys_across(memory),
        values_across(keys_across + head.d * columns),
        keys(values_across + head.d * columns),
        values(keys + head.positions * head.padded) {}
  static std::int64_t size(const Head& head) {
    return 2 * head.d * round_up(head.positions) + 2 * head.positions * head.padded;
  }

  void add(const Head& head, std::int64_t j) {
    const float* from = head.key(j);
    pack(head, from, keys_across, keys);
    pack(head, from + head.d, values_across, values);
    ++count;
  }
  void pack(const Head& head, const float* from, float* across, float* along) const {
    for (std::int64_t i = 0; i < head.d; ++i) across[i * columns + count] = along[count * head.padded + i] = from[i];
    for (std::int64_t i = head.d; i < head.padded; ++i) along[count * head.padded + i] = 0;
  }
  void add_all(const Head& head) {
    for (std::int64_t j = 0; j < head.p.past_steps; ++j) {
      if (head.remembers(j)) add(head, j);
    }
    old = count;
    for (std::int64_t t = 0; t < head.p.steps; ++t) add(head, head.p.past_steps + t);
  }

  std::int64_t columns;                ///< positions in whole vectors
  float *keys_across, *values_across;  ///< [d, columns]
  float *keys, *values;                ///< [positions, padded]
  std::int64_t old = 0, count = 0;
};

/// Some steps and the packed positions that each of them sees, [first, last].
struct Steps {
  /// The steps from t on, none if the head has fewer; `first_seen` is that of step t - 1 and moves on.
  Steps(const Head& head, const Packed& packed, std::int64_t t, std::int64_t& first_seen) : begin(t) {
    for (int r = 0; r < rows; ++r) {
      const bool exists = t + r < head.p.steps;
      if (exists && head.resets(t + r)) first_seen = packed.old + t + r;
      first[r] = static_cast<int>(exists ? first_seen : packed.columns);
      last[r] = static_cast<int>(packed.old + t + r);
      if (exists) ++count;
    }
  }

  std::int64_t first_column() const { return first[0]; }
  std::int64_t end_column() const { return last[count - 1] + 1; }
  Mask seen(int r, std::int64_t column) const {
    Mask at;
    for (int i = 0; i < lanes; ++i) at[i] = static_cast<int>(column) + i;
    return (at >= first[r]) & (at <= last[r]);
  }

  std::int64_t begin;
  int count = 0;
  int first[rows], last[rows];
};

/// out[r] = sum_i v[r][i] across[i, column ...]: products of several vectors with some neighboring positions.
void products(const float* const* v, const float* across, std::int64_t d, std::int64_t columns, std::int64_t column,
              Vec* out) {
  Vec sums[rows] = {};
  for (std::int64_t i = 0; i < d; ++i) {
    const Vec position = load(across + i * columns + column);
#pragma GCC unroll 4
    for (int r = 0; r < rows; ++r) sums[r] += v[r][i] * position;
  }
  for (int r = 0; r < rows; ++r) out[r] = sums[r];
}

/// out[r] = sum over columns [begin, end) of weights[r][j] along[j], d numbers each; `out` rows are `padded` apart.
void weighted_sums(const float* weights, std::int64_t columns, const float* along, std::int64_t padded,
                   std::int64_t begin, std::int64_t end, float* out) {
  for (std::int64_t i = 0; i < padded; i += lanes) {
    Vec sums[rows] = {};
    for (std::int64_t j = begin; j < end; ++j) {
      const Vec position = load(along + j * padded + i);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) sums[r] += weights[r * columns + j] * position;
    }
    for (int r = 0; r < rows; ++r) store(out + r * padded + i, sums[r]);
  }
}

/// to[j] += sum_r weights[r][j] v[r] for columns [begin, end): the reverse of `weighted_sums`.
void spread(const float* weights, std::int64_t columns, const float* v, std::int64_t padded, std::int64_t begin,
            std::int64_t end, float* to) {
  for (std::int64_t i = 0; i < padded; i += lanes) {
    Vec parts[rows];
    for (int r = 0; r < rows; ++r) parts[r] = load(v + r * padded + i);
    for (std::int64_t j = begin; j < end; ++j) {
      Vec sum = load(to + j * padded + i);
#pragma GCC unroll 4
      for (int r = 0; r < rows; ++r) sum += weights[r * columns + j] * parts[r];
      store(to + j * padded + i, sum);
    }
  }
}

/// One factor of every row, the last existing one for rows that do not exist.
template <typename At>
void pointers(const Steps& steps, const At& at, const float** out) {
  for (int r = 0; r < rows; ++r) out[r] = at(steps.begin + (r < steps.count ? r : steps.count - 1));
}

struct ForwardScratch {
  ForwardScratch(float* memory, const Head& head)
      : packed(memory, head), weights(memory + Packed::size(head)), outputs(weights + rows * packed.columns) {}
  static std::int64_t size(const Head& head) {
    return Packed::size(head) + rows * (round_up(head.positions) + head.padded);
  }

  Packed packed;
  float* weights;  ///< [rows, columns]
  float* outputs;  ///< [rows, padded]
};

/// weights[r][j] = exp(s_tj - largest), s_tj = q_t . k_j / sqrt(d); 0 where nothing is seen. Gives the sums, and to
/// log_sums the logarithm of the sum of exp(s_tj).
void attend(const Head& head, const Packed& packed, const Steps& steps, float* weights, float* sums) {
  const float scale = 1 / __builtin_sqrtf(static_cast<float>(head.d));
  const float* queries[rows];
  pointers(
      steps, [&](std::int64_t t) { return head.query(t); }, queries);
  const std::int64_t begin = steps.first_column() / lanes * lanes, end = steps.end_column();
  const Vec none = broadcast(-__builtin_inff());
  Vec largest[rows];
  for (Vec& value : largest) value = none;
  for (std::int64_t j = begin; j < end; j += lanes) {
    Vec scores[rows];
    products(queries, packed.keys_across, head.d, packed.columns, j, scores);
    for (int r = 0; r < rows; ++r) {
      const Vec score = steps.seen(r, j) ? scores[r] * scale : none;
      largest[r] = max(largest[r], score);
      store(weights + r * packed.columns + j, score);
    }
  }
  for (int r = 0; r < steps.count; ++r) {
    const Vec top = max_across(largest[r]);
    Vec total = {};
    for (std::int64_t j = begin; j < end; j += lanes) {
      const Vec weight = exp(load(weights + r * packed.columns + j) - top);
      total += weight;
      store(weights + r * packed.columns + j, weight);
    }
    sums[r] = sum(total);
    head.log_sums()[steps.begin + r] = top[0] + __builtin_logf(sums[r]);
  }
}

/// The part of one head in memory = [past, keys and values of this segment], and with head 0 the marks.
void remember(const Head& head) {
  std::int64_t first = 0;
  for (std::int64_t t = 0; t < head.p.steps; ++t) {
    if (head.resets(t)) first = head.p.past_steps + t;
  }
  for (std::int64_t j = 0; j < head.positions; ++j) {
    float* row = head.p.memory + head.memory_row(j);
    __builtin_memcpy(row + head.h * 2 * head.d, head.key(j), static_cast<std::size_t>(2 * head.d) * sizeof(float));
    const bool seen = j >= first && (j >= head.p.past_steps || head.remembers(j));
    if (head.h == 0) row[head.width - 1] = seen ? 1.0f : 0.0f;
  }
}

void forward(const Problem& p, std::int64_t sequence, std::int64_t h, float* memory, float* y) {
  const Head head(p, sequence, h);
  remember(head);
  ForwardScratch scratch(memory, head);
  Packed& packed = scratch.packed;
  packed.add_all(head);
  std::int64_t first_seen = 0;
  for (std::int64_t t = 0; t < p.steps; t += rows) {
    const Steps steps(head, packed, t, first_seen);
    float sums[rows] = {};
    attend(head, packed, steps, scratch.weights, sums);
    weighted_sums(scratch.weights, packed.columns, packed.values, head.padded, steps.first_column(), steps.end_column(),
                  scratch.outputs);
    for (int r = 0; r < steps.count; ++r) {
      float* to = y + head.output(t + r);
      for (std::int64_t i = 0; i < head.d; ++i) to[i] = scratch.outputs[r * head.padded + i] / sums[r];
    }
  }
}

struct BackwardScratch {
  BackwardScratch(float* memory, const Head& head)
      : packed(memory, head),
        weights(memory + Packed::size(head)),
        dL_dscores(weights + rows * packed.columns),
        queries(dL_dscores + rows * packed.columns),
        dL_dy(queries + rows * head.padded),
        dL_dqueries(dL_dy + rows * head.padded),
        dL_dkeys(dL_dqueries + rows * head.padded),
        dL_dvalues(dL_dkeys + head.positions * head.padded) {}
  static std::int64_t size(const Head& head) {
    return Packed::size(head) + 2 * rows * round_up(head.positions) + (3 * rows + 2 * head.positions) * head.padded;
  }

  Packed packed;
  float *weights, *dL_dscores;           ///< [rows, columns]
  float *queries, *dL_dy, *dL_dqueries;  ///< [rows, padded]
  float *dL_dkeys, *dL_dvalues;          ///< [positions, padded]
};

/// to[r] = the d numbers of row r and zeros up to `padded`; a row of zeros where there is no such step.
template <typename At>
void pad_rows(const Head& head, const Steps& steps, const At& at, float* to) {
  for (int r = 0; r < rows; ++r) {
    for (std::int64_t i = 0; i < head.padded; ++i) {
      to[r * head.padded + i] = r < steps.count && i < head.d ? at(steps.begin + r)[i] : 0.0f;
    }
  }
}

/// The weights a_tj of forward, and dL/d(q_t . k_j) = a_tj (dL/dy_t . v_j - dL/dy_t . y_t) / sqrt(d).
void scores_backward(const Head& head, const Gradients& grads, const Steps& steps, const BackwardScratch& s) {
  const float scale = 1 / __builtin_sqrtf(static_cast<float>(head.d));
  const float *queries[rows], *dL_dy[rows], *y[rows];
  pointers(
      steps, [&](std::int64_t t) { return head.query(t); }, queries);
  pointers(
      steps, [&](std::int64_t t) { return grads.dL_dy + head.output(t); }, dL_dy);
  pointers(
      steps, [&](std::int64_t t) { return grads.y + head.output(t); }, y);
  float along[rows] = {}, log_sums[rows] = {};
  for (int r = 0; r < steps.count; ++r) {
    for (std::int64_t i = 0; i < head.d; ++i) along[r] += dL_dy[r][i] * y[r][i];
    log_sums[r] = head.log_sums()[steps.begin + r];
  }
  const Packed& packed = s.packed;
  for (std::int64_t j = steps.first_column() / lanes * lanes; j < steps.end_column(); j += lanes) {
    Vec scores[rows], dL_da[rows];
    products(queries, packed.keys_across, head.d, packed.columns, j, scores);
    products(dL_dy, packed.values_across, head.d, packed.columns, j, dL_da);
    for (int r = 0; r < rows; ++r) {
      const Mask seen = steps.seen(r, j);
      const Vec a = exp(scores[r] * scale - log_sums[r]);
      store(s.weights + r * packed.columns + j, seen ? a : Vec{});
      store(s.dL_dscores + r * packed.columns + j, seen ? scale * a * (dL_da[r] - along[r]) : Vec{});
    }
  }
}

/// Writes or adds d numbers.
void put(bool add, const float* from, std::int64_t d, float* to) {
  for (std::int64_t i = 0; i < d; ++i) to[i] = add ? to[i] + from[i] : from[i];
}

/// What y hands on, to the queries at once, to keys and values in s.
void outputs_backward(const Head& head, const Gradients& grads, const BackwardScratch& s) {
  const Packed& packed = s.packed;
  std::int64_t first_seen = 0;
  for (std::int64_t t = 0; t < head.p.steps; t += rows) {
    const Steps steps(head, packed, t, first_seen);
    const std::int64_t begin = steps.first_column(), end = steps.end_column();
    scores_backward(head, grads, steps, s);
    pad_rows(
        head, steps, [&](std::int64_t at) { return head.query(at); }, s.queries);
    pad_rows(
        head, steps, [&](std::int64_t at) { return grads.dL_dy + head.output(at); }, s.dL_dy);
    spread(s.dL_dscores, packed.columns, s.queries, head.padded, begin, end, s.dL_dkeys);
    spread(s.weights, packed.columns, s.dL_dy, head.padded, begin, end, s.dL_dvalues);
    if (!grads.dL_dprojected) continue;
    weighted_sums(s.dL_dscores, packed.columns, packed.keys, head.padded, begin, end, s.dL_dqueries);
    for (int r = 0; r < steps.count; ++r) {
      float* to = grads.dL_dprojected + (head.query(t + r) - head.p.projected);
      put(grads.add_to_dL_dprojected, s.dL_dqueries + r * head.padded, head.d, to);
    }
  }
}

/// Hands the gradient of the packed position `at` and of its copy in memory on to where position j is from; at < 0: a
/// forgotten one, which is in memory only.
void hand_on(const Head& head, const Gradients& grads, const BackwardScratch& s, std::int64_t j, std::int64_t at) {
  const bool old = j < head.p.past_steps;
  float* to = nullptr;
  if (old && grads.dL_dpast) to = grads.dL_dpast + j * head.width + head.h * 2 * head.d;
  if (!old && grads.dL_dprojected) to = grads.dL_dprojected + (head.key(j) - head.p.projected);
  if (!to) return;
  const float* from_memory = grads.dL_dmemory ? grads.dL_dmemory + head.memory_row(j) + head.h * 2 * head.d : nullptr;
  const bool add = old || grads.add_to_dL_dprojected;
  for (int part = 0; part < 2; ++part) {
    const float* packed = (part == 0 ? s.dL_dkeys : s.dL_dvalues) + at * head.padded;
    for (std::int64_t i = 0; i < head.d; ++i) {
      const std::int64_t e = part * head.d + i;
      const float value = (at < 0 ? 0.0f : packed[i]) + (from_memory ? from_memory[e] : 0.0f);
      to[e] = add ? to[e] + value : value;
    }
  }
}

void backward_sequence(const Head& head, const Gradients& grads, float* memory) {
  BackwardScratch s(memory, head);
  s.packed.add_all(head);
  for (std::int64_t i = 0; i < 2 * head.positions * head.padded; ++i) s.dL_dkeys[i] = 0;
  if (grads.dL_dy) {
    outputs_backward(head, grads, s);
  } else if (grads.dL_dprojected && !grads.add_to_dL_dprojected) {
    for (std::int64_t t = 0; t < head.p.steps; ++t) {
      float* to = grads.dL_dprojected + (head.query(t) - head.p.projected);
      for (std::int64_t i = 0; i < head.d; ++i) to[i] = 0;
    }
  }
  std::int64_t at = 0;
  for (std::int64_t j = 0; j < head.positions; ++j) {
    const bool is_packed = j >= head.p.past_steps || head.remembers(j);
    hand_on(head, grads, s, j, is_packed ? at++ : -1);
  }
}

void backward(const Problem& p, const SoftmaxAttentionSlice& slice, const Gradients& grads, float* memory) {
  for (std::int64_t b = slice.first; b < slice.last; ++b) backward_sequence(Head(p, b, slice.head), grads, memory);
}

std::int64_t forward_scratch(const Problem& p) {
  return ForwardScratch::size(Head(p, 0, 0));
}

std::int64_t backward_scratch(const Problem& p) {
  return BackwardScratch::size(Head(p, 0, 0));
}

}  // namespace

const SoftmaxAttentionKernels softmax_attention_kernels{forward_scratch, backward_scratch, forward, backward};

}  // namespace srwm::cpu::SRWM_SIMD
