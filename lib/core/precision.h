// What products of matrices are rounded to.
#pragma once

#include <string_view>

namespace srwm {

/// How convolutions and matrix products round the numbers they multiply. Sums, and everything else, are float32.
enum class Precision {
  fp32,  ///< as float32; on tensor cores each factor in two parts
  tf32,  ///< factors with 11 significant bits
  bf16,  ///< factors with 8 significant bits
};
inline constexpr Precision all_precisions[] = {Precision::fp32, Precision::tf32, Precision::bf16};

/// As in specs: "fp32", "tf32", "bf16".
constexpr std::string_view name_of(Precision precision) {
  switch (precision) {
    case Precision::fp32:
      return "fp32";
    case Precision::tf32:
      return "tf32";
    case Precision::bf16:
      return "bf16";
  }
  return "?";
}

}  // namespace srwm
