// What libsrwm_cuda.so exports to the program that loads it.
#include "core/version.h"
#include "ops/cuda/backend.h"
#include "ops/cuda_library.h"

extern "C" {

__attribute__((visibility("default"))) const char* srwm_cuda_version() {
  static const std::string identity = srwm::generator();
  return identity.c_str();
}

__attribute__((visibility("default"))) const srwm::Backend* srwm_cuda_backend(int device) {
  return &srwm::cuda_backend(device);
}
}
