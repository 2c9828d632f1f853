#include "core/tensor.h"

#include <vector>

#include <catch2/catch.hpp>

using namespace srwm;

TEST_CASE("owning tensors start at zero and share elements with their copies", "[tensor]") {
  Tensor a = Tensor::owning({2, 3}, DType::f32);
  for (float value : a.span<float>()) CHECK(value == 0.0f);
  Tensor b = a;
  b.data<float>()[4] = 2.0f;
  CHECK(a.data<float>()[4] == 2.0f);
  CHECK(reinterpret_cast<std::uintptr_t>(a.raw()) % 64 == 0);
}

TEST_CASE("rows and reshaped view the same memory", "[tensor]") {
  const std::vector<std::int32_t> values{0, 1, 2, 3, 4, 5};
  Tensor a = Tensor::of<std::int32_t>({3, 2}, values);
  Tensor middle = a.rows(1, 2);
  CHECK(middle.shape() == Shape{1, 2});
  CHECK(middle.data<std::int32_t>()[1] == 3);
  CHECK(a.reshaped({6}).data<std::int32_t>() == a.data<std::int32_t>());
  CHECK_THROWS_AS(a.reshaped({5}), InternalError);
  CHECK_THROWS_AS(a.rows(2, 4), InternalError);
}

TEST_CASE("the type of the elements is checked", "[tensor]") {
  Tensor a = Tensor::owning({1}, DType::f32);
  CHECK_THROWS_AS(a.data<double>(), InternalError);
  CHECK(Tensor().absent());
  CHECK(Tensor().numel() == 0);
}
