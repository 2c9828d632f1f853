#include "ops/op_harness.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <iostream>
#include <limits>

namespace srwm::test {
namespace {

constexpr std::size_t zone = guard_zone;
constexpr unsigned char guard_byte = 0xA5, poison_byte = 0xFF;

bool all_equal(const void* memory, std::size_t bytes, unsigned char value) {
  const auto* p = static_cast<const unsigned char*>(memory);
  return std::all_of(p, p + bytes, [&](unsigned char byte) { return byte == value; });
}

double root_mean_square(const Tensor& tensor) {
  double squares = 0;
  for (std::int64_t i = 0; i < tensor.numel(); ++i) squares += element(tensor, i) * element(tensor, i);
  return tensor.numel() == 0 ? 0 : std::sqrt(squares / static_cast<double>(tensor.numel()));
}

std::vector<std::string>& covered() {
  static std::vector<std::string> names;
  return names;
}

}  // namespace

Draw normal(double mean, double deviation) {
  return [=](RandomSequence& random) { return mean + deviation * random.normal(); };
}

Draw uniform(double low, double high) {
  return [=](RandomSequence& random) { return random.uniform(low, high); };
}

Draw away_from_zero(double low, double high) {
  return [=](RandomSequence& random) {
    const double size = random.uniform(low, high);
    return random.below(2) == 0 ? size : -size;
  };
}

Tensor random_labels(Shape shape, std::int64_t bound, std::uint64_t seed) {
  RandomSequence random(seed, Stream::init, 4000);
  Tensor labels = Tensor::owning(shape, DType::i32);
  for (std::int32_t& label : labels.span<std::int32_t>()) {
    label = static_cast<std::int32_t>(random.below(static_cast<std::uint32_t>(bound)));
  }
  return labels;
}

Tensor random_mask(Shape shape, double probability, std::uint64_t seed) {
  RandomSequence random(seed, Stream::init, 4001);
  Tensor mask = Tensor::owning(shape, DType::u8);
  for (std::uint8_t& bit : mask.span<std::uint8_t>()) bit = random.uniform() < probability ? 1 : 0;
  return mask;
}

Backend bodiless_backend() {
  Backend backend{};
  backend.name = "test";
  backend.memory = &host_blocks();
  return backend;
}

Tensor guarded(Shape shape, DType dtype) {
  const std::size_t bytes = static_cast<std::size_t>(shape.numel()) * size_of(dtype);
  const Tensor whole = Tensor::owning({static_cast<std::int64_t>(bytes + 2 * zone)}, DType::u8);
  auto* memory = whole.data<std::uint8_t>();
  std::memset(memory, guard_byte, zone);
  std::memset(memory + zone, poison_byte, bytes);
  std::memset(memory + zone + bytes, guard_byte, zone);
  return Tensor(std::shared_ptr<void>(std::make_shared<Tensor>(whole), memory + zone), shape, dtype);
}

bool guards_intact(const Tensor& tensor) {
  if (tensor.absent()) return true;
  const auto* memory = static_cast<const unsigned char*>(tensor.raw());
  return all_equal(memory - zone, zone, guard_byte) && all_equal(memory + tensor.bytes(), zone, guard_byte);
}

bool poisoned(const Tensor& tensor) {
  return all_equal(tensor.raw(), tensor.bytes(), poison_byte);
}

bool same_bits(const Tensor& a, const Tensor& b) {
  if (a.absent() || b.absent()) return a.absent() == b.absent();
  return a.shape() == b.shape() && a.dtype() == b.dtype() && std::memcmp(a.raw(), b.raw(), a.bytes()) == 0;
}

double element(const Tensor& tensor, std::int64_t i) {
  switch (tensor.dtype()) {
    case DType::f32:
      return double{tensor.data<float>()[i]};
    case DType::f64:
      return tensor.data<double>()[i];
    case DType::u8:
      return static_cast<double>(tensor.data<std::uint8_t>()[i]);
    case DType::i32:
      return static_cast<double>(tensor.data<std::int32_t>()[i]);
    default:
      throw InternalError("The op harness reads f32, f64, u8 and i32 only.");
  }
}

void set_element(const Tensor& tensor, std::int64_t i, double value) {
  if (tensor.dtype() == DType::f64) {
    tensor.data<double>()[i] = value;
  } else {
    tensor.data<float>()[i] = static_cast<float>(value);
  }
}

void fill(const Tensor& tensor, const Draw& draw, std::uint64_t seed, std::uint32_t index) {
  RandomSequence random(seed, Stream::init, index);
  for (std::int64_t i = 0; i < tensor.numel(); ++i) {
    set_element(tensor, i, double{static_cast<float>(draw(random))});
  }
}

Tensor sum(const Tensor& a, const Tensor& b) {
  const Tensor result = Tensor::owning(a.shape(), DType::f64);
  for (std::int64_t i = 0; i < a.numel(); ++i) set_element(result, i, element(a, i) + element(b, i));
  return result;
}

void poison_step_memory(Context& context) {
  const Tensor block = context.empty({std::int64_t{4} << 20}, DType::u8);
  const std::vector<unsigned char> poison(block.bytes(), poison_byte);
  context.upload(block, poison.data());
  context.rewind();
}

void Report::require(bool condition, const std::string& what) {
  if (!condition) failures.push_back(what);
}

void Report::close(const std::string& what, const Tensor& found, const Tensor& expected, double tolerance,
                   double least_scale) {
  if (found.shape() != expected.shape()) {
    failures.push_back(
        fmt::format("{}: shape {}, expected {}.", what, found.shape().to_string(), expected.shape().to_string()));
    return;
  }
  const double scale = std::max(root_mean_square(expected), least_scale);
  std::int64_t worst = 0, wrong = 0;
  double worst_excess = -1;
  for (std::int64_t i = 0; i < found.numel(); ++i) {
    const double error = std::abs(element(found, i) - element(expected, i));
    const double allowed = tolerance * std::max(std::abs(element(expected, i)), scale);
    const bool ok = error <= allowed;
    if (ok) continue;
    ++wrong;
    const double excess = std::isfinite(error / allowed) ? error / allowed : std::numeric_limits<double>::max();
    if (excess > worst_excess) {
      worst_excess = excess;
      worst = i;
    }
  }
  if (wrong == 0) return;
  failures.push_back(
      fmt::format("{}: {} of {} elements are wrong; the worst, {}, is {:.9g}, expected {:.9g} within {:.3g}.", what,
                  wrong, found.numel(), worst, element(found, worst), element(expected, worst),
                  tolerance * std::max(std::abs(element(expected, worst)), scale)));
}

bool cover_op(const char* name) {
  covered().emplace_back(name);
  return true;
}

const std::vector<std::string>& covered_ops() {
  return covered();
}

double best_time(const std::function<void()>& work) {
  using Clock = std::chrono::steady_clock;
  const auto seconds_since = [](Clock::time_point start) {
    return std::chrono::duration<double>(Clock::now() - start).count();
  };
  double best = std::numeric_limits<double>::max();
  for (const auto start = Clock::now(); seconds_since(start) < 0.2;) {
    const auto begin = Clock::now();
    work();
    best = std::min(best, seconds_since(begin));
  }
  return 1e6 * best;
}

void print_times(const std::string& title, Times one_thread, Times two_threads) {
  std::cout << fmt::format("{:64} forward {:8.1f} us, backward {:8.1f} us; on two threads {:8.1f} us, {:8.1f} us\n",
                           title, one_thread.forward, one_thread.backward, two_threads.forward, two_threads.backward);
}

}  // namespace srwm::test
