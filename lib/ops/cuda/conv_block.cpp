#include "ops/conv_block.h"

namespace srwm::cuda {

Body<ConvBlock> body_of(Tag<ConvBlock>) {
  return {};
}

}  // namespace srwm::cuda
