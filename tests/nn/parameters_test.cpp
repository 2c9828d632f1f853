#include "nn/parameters.h"

#include <algorithm>
#include <cmath>

#include <catch2/catch.hpp>

#include "ops/backend.h"

using namespace srwm;

TEST_CASE("initial values depend on seed and position alone and are the same in float and double", "[parameters]") {
  Context single(reference_backend(DType::f32), DType::f32, 1), twice(reference_backend(DType::f64), DType::f64, 1);
  ParameterSet a(single, 5), b(twice, 5), c(single, 6);
  for (ParameterSet* set : {&a, &b, &c}) {
    set->uniform("u", {100}, 0.5);
    set->normal("n", {100}, 0, 1);
  }
  const auto& in_float = a.parameters()[1].value;
  const auto& in_double = b.parameters()[1].value;
  for (int i = 0; i < 100; ++i) {
    CHECK(static_cast<double>(in_float.data<float>()[i]) == in_double.data<double>()[i]);
  }
  CHECK_FALSE(std::ranges::equal(in_float.span<float>(), c.parameters()[1].value.span<float>()));
}

TEST_CASE("uniform and normal have the asked spread", "[parameters]") {
  Context context(reference_backend(DType::f32), DType::f32, 1);
  ParameterSet set(context, 1);
  const auto uniform = set.uniform("u", {10000}, 0.25).value.span<float>();
  CHECK(std::ranges::max(uniform) <= 0.25F);
  CHECK(std::ranges::max(uniform) > 0.24F);
  CHECK(std::ranges::min(uniform) < -0.24F);
  double squares = 0;
  for (float x : set.normal("n", {10000}, 2, 0.5).value.span<float>()) squares += std::pow(x - 2, 2);
  CHECK(std::sqrt(squares / 10000) == Approx(0.5).epsilon(0.03));
  CHECK(set.count() == 20000);
  CHECK_THROWS_AS(set.constant("u", {1}, 0), InternalError);
}
