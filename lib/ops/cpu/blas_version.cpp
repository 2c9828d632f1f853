#include "ops/cpu/blas_version.h"

#ifdef SRWM_BLAS_IS_BLIS
#include <blis.h>
#else
#include <cblas.h>
#endif

namespace srwm::cpu {

#ifdef SRWM_BLAS_IS_BLIS
std::string blas_version() {
  return std::string("BLIS ") + bli_info_get_version_str() + " (kernels: " + blas_core() + ")";
}

std::string blas_core() {
  return bli_arch_string(bli_arch_query_id());
}
#else
std::string blas_version() {
  return openblas_get_config();
}

std::string blas_core() {
  return openblas_get_corename();
}
#endif

}  // namespace srwm::cpu
