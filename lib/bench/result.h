// One line of a benchmark.
#pragma once

#include <string>

#include "bench/timing.h"
#include "core/precision.h"

namespace srwm {

struct BenchResult {
  std::string name;  ///< "conv_block 768x28x28x1->64 forward"
  Timing timing;
  double flops = 0;                       ///< floating-point operations of one call; 0: not counted
  double bytes = 0;                       ///< bytes that one call must move, each operand once; 0: not counted
  double items = 0;                       ///< images or episodes of one call; 0: none
  std::string item = {};                  ///< "images"
  Precision precision = Precision::fp32;  ///< whose matrix-product peak the operations are held against
};

}  // namespace srwm
