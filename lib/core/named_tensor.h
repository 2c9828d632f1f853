// A tensor and the name it has in a checkpoint.
#pragma once

#include <string>

#include "core/tensor.h"

namespace srwm {

struct NamedTensor {
  std::string name;  ///< as in the authors' PyTorch state_dict, "layers.0.W_y"
  Tensor tensor;
};

}  // namespace srwm
