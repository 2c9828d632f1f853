#include "ops/flatten_chw.h"

namespace srwm::cpu {

// An image has a thousand features at most, which stay in the first cache: the plain loop is fast.
Body<FlattenChw> body_of(Tag<FlattenChw>) {
  return reference::body_of(Tag<FlattenChw>{}, DType::f32);
}

}  // namespace srwm::cpu
