// The order in which the gradients of passes are added.
#include "train/gradient_tree.h"

#include <bit>
#include <vector>

#include <catch2/catch.hpp>

#include "core/rng.h"
#include "ops/backend.h"

using namespace srwm;

namespace {

using Gradient = std::vector<float>;

std::vector<Gradient> draw_gradients(std::int64_t passes, std::size_t size) {
  RandomSequence numbers(1, Stream::init, 0, 0);
  std::vector<Gradient> gradients(static_cast<std::size_t>(passes), Gradient(size));
  for (Gradient& gradient : gradients) {
    for (float& g : gradient) g = static_cast<float>(numbers.normal());
  }
  return gradients;
}

/// node(a, b) as the header defines it.
Gradient node(const std::vector<Gradient>& gradients, std::size_t a, std::size_t b) {
  if (b - a == 1) return gradients[a];
  const std::size_t m = a + std::bit_floor(b - a - 1);
  Gradient left = node(gradients, a, m);
  const Gradient right = node(gradients, m, b);
  for (std::size_t i = 0; i < left.size(); ++i) left[i] += right[i];
  return left;
}

}  // namespace

TEST_CASE("gradients of passes are added in a tree that their number alone determines", "[train]") {
  constexpr std::int64_t sizes[] = {7, 3};
  Context context(cpu_backend(), DType::f32, 2);
  ParameterSet set(context, 1);
  for (const std::int64_t size : sizes) set.constant("p" + std::to_string(size), {size}, 0);
  const std::int64_t passes = GENERATE(range(1, 18));
  CAPTURE(passes);
  const GradientTree tree(context, set, passes);
  const std::vector<Gradient> gradients = draw_gradients(passes, 10);
  for (std::int64_t pass = 0; pass < passes; ++pass) {
    const float* from = gradients[static_cast<std::size_t>(pass)].data();
    for (Parameter& p : set.parameters()) {
      std::copy_n(from, p.value.numel(), p.slot.grad.data<float>());
      from += p.value.numel();
    }
    tree.add(context, pass, passes);
  }
  Gradient found;
  for (const Parameter& p : set.parameters()) {
    found.insert(found.end(), p.slot.grad.data<float>(), p.slot.grad.data<float>() + p.value.numel());
  }
  CHECK(found == node(gradients, 0, static_cast<std::size_t>(passes)));
}

TEST_CASE("passes of one kind are added with the same launches", "[train]") {
  Context context(cpu_backend(), DType::f32, 1);
  ParameterSet set(context, 1);
  constexpr std::int64_t passes = 8;
  const std::vector<std::int64_t> expected{0, 1, 0, 2, 0, 1, 0, -8};
  for (std::int64_t pass = 0; pass < 8; ++pass) {
    CHECK(GradientTree::kind(pass, passes) == expected[static_cast<std::size_t>(pass)]);
  }
}
