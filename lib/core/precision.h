// What products of matrices are rounded to.
#pragma once

namespace srwm {

/// How convolutions and matrix products round the numbers they multiply. Sums, and everything else, are float32.
enum class Precision {
  fp32,  ///< as float32; on tensor cores each factor in two parts
  tf32,  ///< factors with 11 significant bits
  bf16,  ///< factors with 8 significant bits
};

}  // namespace srwm
