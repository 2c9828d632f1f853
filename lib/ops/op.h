// The contract every op follows. An op is declared once, in lib/ops/<op>.h, as a struct
//
//   struct Linear {
//     static constexpr const char* name = "linear";
//     static constexpr int inputs = 3, outputs = 1;
//     enum In { x, weight, bias };                    // position of each differentiable input
//     struct Saved {};                                // what backward needs besides inputs and outputs
//     OutputSpecs<outputs> plan(const Tensors<inputs>&) const;   // checks everything, gives the outputs' shapes
//   };
//
// whose fields are its options (and inputs that have no gradient, such as labels or masks). `plan` and the reference
// implementation in float and double are in ops/reference/<op>.cpp; the fast bodies are in ops/cpu/<op>.cpp (float;
// without one the CPU runs the reference) and ops/cuda/<op>.cpp, forward and backward together. ops/all_ops.h lists all
// ops.
#pragma once

#include <array>

#include "core/tensor.h"
#include "ops/all_ops.h"
#include "ops/context.h"

namespace srwm {

struct OutputSpec {
  Shape shape;
  DType dtype;
};

template <int N>
using Tensors = std::array<Tensor, static_cast<std::size_t>(N)>;
template <int N>
using OutputSpecs = std::array<OutputSpec, static_cast<std::size_t>(N)>;

/// How a backward body writes a gradient.
enum class GradMode { ignore, overwrite, accumulate };

struct Grad {
  Tensor value;
  GradMode mode = GradMode::ignore;

  bool wanted() const { return mode != GradMode::ignore; }
};

template <int N>
using Grads = std::array<Grad, static_cast<std::size_t>(N)>;

/// Arguments of a forward body. Outputs are allocated already; what is saved is allocated by the body from the context.
template <typename Op>
struct Forward {
  const Op& op;
  const Tensors<Op::inputs>& in;
  const Tensors<Op::outputs>& out;
  typename Op::Saved& saved;
};

/// Arguments of a backward body. An absent dL_dout is a zero gradient (never all of them at once).
template <typename Op>
struct Backward {
  const Op& op;
  const Tensors<Op::inputs>& in;
  const Tensors<Op::outputs>& out;
  const typename Op::Saved& saved;
  const Tensors<Op::outputs>& dL_dout;
  const Grads<Op::inputs>& dL_din;
};

/// The two functions that compute an op on one backend.
template <typename Op>
struct Body {
  void (*forward)(Context&, const Forward<Op>&) = nullptr;
  void (*backward)(Context&, const Backward<Op>&) = nullptr;
};

/// Picks the overload of `body_of` that gives an op's bodies.
template <typename Op>
struct Tag {};

// Every op's struct and the functions that give its bodies: the reference implementation (f32, f64), the fast CPU body
// (f32), and the CUDA body, which is in libsrwm_cuda.so alone. Each is defined in the .cpp of the op's name in its
// folder.
#define SRWM_DECLARE_OP(Op)              \
  struct Op;                             \
  namespace reference {                  \
  Body<Op> body_of(Tag<Op>, DType real); \
  }                                      \
  namespace cuda {                       \
  Body<Op> body_of(Tag<Op>);             \
  }
#define SRWM_DECLARE_CPU_OP(Op) \
  SRWM_DECLARE_OP(Op)           \
  namespace cpu {               \
  Body<Op> body_of(Tag<Op>);    \
  }
SRWM_ALL_OPS(SRWM_DECLARE_CPU_OP, SRWM_DECLARE_OP)
#undef SRWM_DECLARE_CPU_OP
#undef SRWM_DECLARE_OP

/// Throws ShapeError "<op>: <what> is <found>, expected <expected>".
[[noreturn]] void shape_error(const char* op, const char* what, const std::string& expected, const std::string& found);

/// Throws ShapeError unless `tensor` is present with exactly this shape and type.
void expect_tensor(const char* op, const char* what, const Tensor& tensor, const Shape& shape, DType dtype);
/// Throws ShapeError unless `tensor` is present, of real type (f32, f64, bf16) and of this rank.
void expect_real(const char* op, const char* what, const Tensor& tensor, int rank);
/// The same for any rank from 1 on.
void expect_real(const char* op, const char* what, const Tensor& tensor);

/// Number of rows of a tensor: all axes but the last together.
inline std::int64_t rows_of(const Tensor& tensor) {
  return tensor.dim(-1) == 0 ? 0 : tensor.numel() / tensor.dim(-1);
}

}  // namespace srwm
