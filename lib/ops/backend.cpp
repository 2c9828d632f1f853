#include "ops/backend.h"

namespace srwm {
namespace {

AllOps::Bodies cpu_bodies() {
#define SRWM_CPU_BODY(Op) cpu::body_of(Tag<Op>{}),
#define SRWM_REFERENCE_BODY(Op) reference::body_of(Tag<Op>{}, DType::f32),
  return {SRWM_ALL_OPS(SRWM_CPU_BODY, SRWM_REFERENCE_BODY)};
#undef SRWM_REFERENCE_BODY
#undef SRWM_CPU_BODY
}

template <typename... Ops>
AllOps::Bodies reference_bodies(OpList<Ops...>, DType real) {
  return {reference::body_of(Tag<Ops>{}, real)...};
}

Backend make_reference(DType real) {
  return {"reference", {}, &host_blocks(), nullptr, reference_bodies(AllOps{}, real), host_update_bodies(real)};
}

}  // namespace

const Backend& cpu_backend() {
  static const Backend backend{"cpu", {}, &host_blocks(), nullptr, cpu_bodies(), host_update_bodies(DType::f32)};
  return backend;
}

const Backend& reference_backend(DType real) {
  static const Backend f32 = make_reference(DType::f32), f64 = make_reference(DType::f64);
  return real == DType::f64 ? f64 : f32;
}

}  // namespace srwm
