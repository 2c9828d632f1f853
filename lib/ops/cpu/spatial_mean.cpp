#include "ops/spatial_mean.h"

namespace srwm::cpu {

// One pass over the smallest map of the network: the plain loop is as good as any.
Body<SpatialMean> body_of(Tag<SpatialMean>) {
  return reference::body_of(Tag<SpatialMean>{}, DType::f32);
}

}  // namespace srwm::cpu
