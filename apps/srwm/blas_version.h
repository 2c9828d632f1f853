// Which BLAS this binary uses. Apart from version_text.cpp because the libraries' own headers are crowded with macros.
#pragma once

#include <string>

namespace srwm {

/// "BLIS 0.9.0 (kernels: skx)" or OpenBLAS's description of itself.
std::string blas_version();

}  // namespace srwm
