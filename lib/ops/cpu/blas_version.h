// Which BLAS the matrix products use. A file of its own because the libraries' headers are crowded with macros.
#pragma once

#include <string>

namespace srwm::cpu {

/// "BLIS 0.9.0 (kernels: skx)" or OpenBLAS's description of itself.
std::string blas_version();

}  // namespace srwm::cpu
