#include "ops/pack_srwm.h"

#include "ops/op_harness.h"

using namespace srwm;
using namespace srwm::test;

namespace {

OpCase<PackSrwm> pack_case(std::int64_t heads, std::int64_t d, std::int64_t dy, std::uint64_t seed) {
  return {.name = fmt::format("heads {} d {} dy {}", heads, d, dy),
          .op = always(PackSrwm{}),
          .in = {operand({1, heads, d, dy}), operand({1, heads, d, d}), operand({1, heads, d, d}),
                 operand({1, heads, d, 4})},
          .seed = seed};
}

std::vector<OpCase<PackSrwm>> pack_cases() {
  return {pack_case(1, 1, 1, 1), pack_case(3, 5, 5, 2), pack_case(2, 8, 25, 3)};
}
std::vector<OpCase<PackSrwm>> pack_speed_cases() {
  return {pack_case(16, 16, 16, 1)};
}

}  // namespace

SRWM_TEST_OP(PackSrwm, pack_cases, pack_speed_cases)

TEST_CASE("PackSrwm: columns of w0 are y, q, k, b") {
  const auto filled = [](Shape shape, float value) {
    const Tensor tensor = Tensor::owning(shape, DType::f32);
    for (float& element : tensor.span<float>()) element = value;
    return tensor;
  };
  const Tensors<PackSrwm::inputs> in{filled({1, 2, 3, 3}, 1), filled({1, 2, 3, 3}, 2), filled({1, 2, 3, 3}, 3),
                                     filled({1, 2, 3, 4}, 4)};
  const Backend backend = bodiless_backend();
  Context context(backend, DType::f32, 1);
  const Tensors<PackSrwm::outputs> out{Tensor::owning(PackSrwm{}.plan(in)[0].shape, DType::f32)};
  PackSrwm::Saved saved;
  cpu_backend().body<PackSrwm>().forward(context, {PackSrwm{}, in, out, saved});
  CHECK(out[0].shape() == Shape{1, 2, 3, 13});
  for (std::int64_t i = 0; i < out[0].numel(); ++i) {
    const std::int64_t r = i % 13;
    CHECK(out[0].data<float>()[i] == (r < 3 ? 1.0f : r < 6 ? 2.0f : r < 9 ? 3.0f : 4.0f));
  }
}
