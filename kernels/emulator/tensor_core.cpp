#include "kernels/emulator/tensor_core.h"

#include <cmath>
#include <cstdint>
#include <deque>
#include <limits>
#include <vector>

namespace srwm::cuda {
namespace {

using emulator::lane;

float real(unsigned bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}
unsigned bits_of(float value) {
  unsigned bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

/// Towards zero, as tensor cores round their sums.
float truncated(double sum) {
  const auto nearest = static_cast<float>(sum);
  return std::abs(static_cast<double>(nearest)) > std::abs(sum) ? std::nextafter(nearest, 0.0f) : nearest;
}

/// The elements of a word along k.
struct Tf32 {
  static constexpr int per_word = 1;
  static double element(unsigned word, int) { return static_cast<double>(real(word & 0xFFFFE000u)); }
};
struct Bf16 {
  static constexpr int per_word = 2;
  static double element(unsigned word, int i) {
    return static_cast<double>(real(i == 0 ? word << 16 : word & 0xFFFF0000u));
  }
};

/// What a lane hands in for a product.
struct Factors {
  unsigned a[4], b[2], unused[2];
};
static_assert(sizeof(Factors) == emulator::exchange_stride);

template <typename Format>
void multiply(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  const Factors mine = {{a[0], a[1], a[2], a[3]}, {b[0], b[1]}, {}};
  const auto* of_lane = static_cast<const Factors*>(emulator::exchange_all(&mine, sizeof mine));
  const int g = lane() / 4, t = lane() % 4;
  for (int j = 0; j < 4; ++j) {
    const int column = 2 * t + j % 2;
    double sum = static_cast<double>(c[j]);
    for (int word = 0; word < 8; ++word) {
      const unsigned left = of_lane[4 * g + word % 4].a[j / 2 + word / 4 * 2];
      const unsigned right = of_lane[4 * column + word % 4].b[word / 4];
      for (int i = 0; i < Format::per_word; ++i) sum += Format::element(left, i) * Format::element(right, i);
    }
    c[j] = truncated(sum);
  }
}

struct Copy {
  void* to;
  const void* from;
};

/// The copies under way of each thread of the block, oldest group first; the last group is open.
std::deque<std::vector<Copy>>& copy_groups() {
  static std::vector<std::deque<std::vector<Copy>>> threads(1024);
  auto& groups = threads[threadIdx.x + blockDim.x * (threadIdx.y + blockDim.y * threadIdx.z)];
  if (groups.empty()) groups.emplace_back();
  return groups;
}

}  // namespace

void multiply_tf32(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  multiply<Tf32>(c, a, b);
}

void multiply_bf16(float (&c)[4], const unsigned (&a)[4], const unsigned (&b)[2]) {
  multiply<Bf16>(c, a, b);
}

void load_matrices(unsigned (&to)[4], const unsigned* row) {
  const auto* slots = static_cast<const unsigned char*>(emulator::exchange_all(&row, sizeof row));
  for (int matrix = 0; matrix < 4; ++matrix) {
    const unsigned* words;
    std::memcpy(&words, slots + emulator::exchange_stride * static_cast<unsigned>(8 * matrix + lane() / 4),
                sizeof words);
    to[matrix] = words[lane() % 4];
  }
}

void load_matrices_transposed(unsigned (&to)[4], const unsigned* row) {
  const auto* slots = static_cast<const unsigned char*>(emulator::exchange_all(&row, sizeof row));
  const int g = lane() / 4, t = lane() % 4;
  for (int matrix = 0; matrix < 4; ++matrix) {
    to[matrix] = 0;
    for (int i = 0; i < 2; ++i) {
      const std::uint16_t* elements;
      std::memcpy(&elements, slots + emulator::exchange_stride * static_cast<unsigned>(8 * matrix + 2 * t + i),
                  sizeof elements);
      to[matrix] |= static_cast<unsigned>(elements[g]) << (16 * i);
    }
  }
}

unsigned to_tf32(float value) {
  const unsigned bits = bits_of(value);
  return std::isfinite(value) ? (bits + 0x1000u) & 0xFFFFE000u : bits;
}

namespace {

unsigned to_bf16(float value) {
  const unsigned bits = bits_of(value);
  return std::isnan(value) ? 0x7FFFu : (bits + 0x7FFFu + (bits >> 16 & 1u)) >> 16;
}

}  // namespace

unsigned to_bf16_pair(float low, float high) {
  return to_bf16(low) | to_bf16(high) << 16;
}

void copy_async(void* shared, const void* global) {
  copy_groups().back().push_back({shared, global});
}

void end_copy_group() {
  copy_groups().emplace_back();
}

void wait_for_copies_but(int left) {
  auto& groups = copy_groups();
  while (static_cast<int>(groups.size()) > left + 1) {
    for (const Copy& copy : groups.front()) std::memcpy(copy.to, copy.from, 16);
    groups.pop_front();
  }
}

}  // namespace srwm::cuda
