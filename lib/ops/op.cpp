#include "ops/op.h"

#include "core/error.h"

namespace srwm {
namespace {

std::string describe(const Shape& shape, DType dtype) {
  return fmt::format("{} {}", name_of(dtype), shape.to_string());
}

std::string describe(const Tensor& tensor) {
  return tensor.absent() ? "absent" : describe(tensor.shape(), tensor.dtype());
}

bool is_real(DType dtype) {
  return dtype == DType::f32 || dtype == DType::f64 || dtype == DType::bf16;
}

}  // namespace

void shape_error(const char* op, const char* what, const std::string& expected, const std::string& found) {
  throw ShapeError("{}: {} is {}, expected {}.", op, what, found, expected);
}

void expect_tensor(const char* op, const char* what, const Tensor& tensor, const Shape& shape, DType dtype) {
  if (tensor.absent() || tensor.shape() != shape || tensor.dtype() != dtype) {
    shape_error(op, what, describe(shape, dtype), describe(tensor));
  }
}

void expect_real(const char* op, const char* what, const Tensor& tensor, int rank) {
  if (tensor.absent() || tensor.shape().rank() != rank || !is_real(tensor.dtype())) {
    shape_error(op, what, fmt::format("a real tensor of rank {}", rank), describe(tensor));
  }
}

void expect_real(const char* op, const char* what, const Tensor& tensor) {
  if (tensor.absent() || tensor.shape().rank() < 1 || !is_real(tensor.dtype())) {
    shape_error(op, what, "a real tensor of rank 1 or more", describe(tensor));
  }
}

}  // namespace srwm
