// The table of op bodies for one kind of device. The CPU tables are linked in; CUDA's comes from libsrwm_cuda.so.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/version.h"
#include "ops/context.h"
#include "ops/op.h"
#include "ops/peak.h"
#include "ops/update.h"

namespace srwm {

template <typename... Ops>
struct OpList {
  using Bodies = std::tuple<Body<Ops>...>;
};
template <typename Nothing, typename... Ops>
using OpListAfter = OpList<Ops...>;

#define SRWM_COMMA_OP(Op) , Op
using AllOps = OpListAfter<void SRWM_ALL_OPS(SRWM_COMMA_OP, SRWM_COMMA_OP)>;
#undef SRWM_COMMA_OP

struct Backend {
  const char* name;  ///< "cpu", "reference", "cuda"
  Device device;
  BlockSource* memory;
  std::unique_ptr<DeviceQueue> (*make_queue)(Device) = nullptr;  ///< none: the host's
  AllOps::Bodies bodies;
  UpdateBodies updates;
  std::string device_name = {};                ///< "NVIDIA H200"; empty for the host
  std::vector<LibraryVersion> libraries = {};  ///< that this backend alone uses
  PeakBodies peaks = {};                       ///< for benchmarks

  template <typename Op>
  const Body<Op>& body() const {
    return std::get<Body<Op>>(bodies);
  }
};

/// Fast float32 bodies.
const Backend& cpu_backend();
/// The reference implementation in `real` (f32 or f64).
const Backend& reference_backend(DType real);

}  // namespace srwm
