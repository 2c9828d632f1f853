// What convolutions on tensor cores round the numbers they multiply to.
#pragma once

namespace srwm::cuda {

enum class ProductPrecision {
  fp32,  ///< float32: each factor in two parts
  tf32,  ///< factors with 11 significant bits
  bf16,  ///< factors with 8 significant bits
};

}  // namespace srwm::cuda
