#include "ops/vsml.h"

#include "core/error.h"

namespace srwm::cuda {
namespace {

[[noreturn]] void refuse() {
  throw DeviceError("vsml: there are no kernels for it yet. Use the device cpu.");
}

void forward(Context&, const Forward<Vsml>&) {
  refuse();
}

void backward(Context&, const Backward<Vsml>&) {
  refuse();
}

}  // namespace

Body<Vsml> body_of(Tag<Vsml>) {
  return {forward, backward};
}

}  // namespace srwm::cuda
