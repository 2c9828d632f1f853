// Which BLAS the matrix products use. A separate file because the libraries' headers are crowded with macros.
#pragma once

#include <string>

namespace srwm::cpu {

/// "BLIS 0.9.0 (kernels: skx)" or OpenBLAS's description of itself.
std::string blas_version();
/// The kernels it computes with, chosen for the processor: "SkylakeX", "Haswell". The bits of a product depend on them.
std::string blas_core();

}  // namespace srwm::cpu
