// What the ops say about tensors that do not fit.
#include <cmath>
#include <string>

#include <catch2/catch.hpp>

#include "ops/add.h"
#include "ops/concat_one_hot.h"
#include "ops/cross_entropy.h"
#include "ops/dropout.h"
#include "ops/flatten_chw.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/relu.h"
#include "ops/select_rows.h"

namespace srwm::test {
namespace {

Tensor real(Shape shape) {
  return Tensor::owning(shape, DType::f32);
}
Tensor ints(Shape shape) {
  return Tensor::owning(shape, DType::i32);
}

/// What `plan` throws, or "" if it finds nothing wrong.
template <typename Op>
std::string complaint(const Op& op, const Tensors<Op::inputs>& in) {
  try {
    op.plan(in);
  } catch (const ShapeError& error) {
    return error.what();
  }
  return "";
}

TEST_CASE("plan gives shape and type of the outputs", "[ops]") {
  CHECK(Linear{}.plan({real({2, 3, 7}), real({5, 7}), real({5})})[0].shape == Shape{2, 3, 5});
  CHECK(Linear{}.plan({real({7}), real({5, 7}), {}})[0].shape == Shape{5});
  CHECK(FlattenChw{}.plan({real({2, 3, 4, 5})})[0].shape == Shape{2, 60});
  CHECK(ConcatOneHot{.labels = ints({4}), .classes = 5}.plan({real({4, 3})})[0].shape == Shape{4, 8});
  CHECK(SelectRows{.rows = ints({2})}.plan({real({4, 3})})[0].shape == Shape{2, 3});
  CHECK(Relu{}.plan({Tensor::owning({3}, DType::f64)})[0].dtype == DType::f64);
  const auto outputs = CrossEntropy{.targets = ints({4})}.plan({real({4, 5})});
  CHECK((outputs[0].shape == Shape{1} && outputs[1].shape == Shape{1}));
}

TEST_CASE("plan names the op, what was expected and what was found", "[ops]") {
  CHECK(complaint(Linear{}, {real({2, 8}), real({5, 7}), {}}) == "linear: weight is f32 [5, 7], expected f32 [5, 8].");
  CHECK(complaint(Linear{}, {real({2, 7}), real({5, 7}), real({4})}) == "linear: bias is f32 [4], expected f32 [5].");
  CHECK(complaint(Linear{}, {real({2, 7}), Tensor::owning({5, 7}, DType::f64), {}}) ==
        "linear: weight is f64 [5, 7], expected f32 [5, 7].");
  CHECK(complaint(Linear{}, {Tensor(), real({5, 7}), {}}) ==
        "linear: x is absent, expected a real tensor of rank 1 or more.");
  CHECK(complaint(Add{}, {real({2, 3}), real({3, 2})}) == "add: b is f32 [3, 2], expected f32 [2, 3].");
  CHECK(complaint(Relu{}, {ints({2})}) == "relu: x is i32 [2], expected a real tensor of rank 1 or more.");
  CHECK(complaint(LayerNorm{}, {real({2, 3}), real({2}), real({3})}) ==
        "layer_norm: gamma is f32 [2], expected f32 [3].");
  CHECK(complaint(LayerNorm{}, {real({2, 3}), real({3}), {}}) == "layer_norm: beta is absent, expected f32 [3].");
  CHECK(complaint(Dropout{.p = 1}, {real({2})}) == "dropout: p is 1, expected a probability in [0, 1).");
  CHECK(complaint(Dropout{.p = std::nan("")}, {real({2})}) == "dropout: p is nan, expected a probability in [0, 1).");
  CHECK(complaint(ConcatOneHot{.labels = ints({3}), .classes = 5}, {real({2, 3})}) ==
        "concat_one_hot: labels is i32 [3], expected i32 [2].");
  CHECK(complaint(ConcatOneHot{.labels = ints({2})}, {real({2, 3})}) ==
        "concat_one_hot: classes is 0, expected 1 or more.");
  CHECK(complaint(CrossEntropy{.targets = ints({3})}, {real({2, 5})}) ==
        "cross_entropy: targets is i32 [3], expected i32 [2].");
  CHECK(complaint(CrossEntropy{.targets = ints({0})}, {real({0, 5})}) ==
        "cross_entropy: logits is [0, 5], expected at least one row and one class.");
  CHECK(complaint(FlattenChw{}, {real({2, 3})}) == "flatten_chw: x is f32 [2, 3], expected a real tensor of rank 4.");
  CHECK(complaint(SelectRows{.rows = ints({3})}, {real({2, 3})}) ==
        "select_rows: rows is 3 long, expected at most 2 increasing indices.");
  CHECK(complaint(SelectRows{}, {real({2, 3})}) == "select_rows: rows is absent, expected i32 [0].");
}

}  // namespace
}  // namespace srwm::test
