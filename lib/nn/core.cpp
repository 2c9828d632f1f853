#include "nn/core.h"

#include "core/error.h"
#include "nn/fake_sr_layer.h"
#include "nn/identity_core.h"
#include "nn/layered_core.h"
#include "nn/lstm_core.h"
#include "nn/slow_net_layer.h"
#include "nn/sr_delta_layer.h"
#include "nn/srwm_layer.h"

namespace srwm {
namespace {

/// What makes the layers that precede the feed-forward blocks of a layered core; none: it has blocks only.
MakeSequenceLayer layer_maker(CoreKind kind) {
  switch (kind) {
    case CoreKind::srwm:
      return make_srwm_layer;
    case CoreKind::delta_net:
      return make_delta_net_layer;
    case CoreKind::linear_transformer:
      return make_linear_attention_layer;
    case CoreKind::transformer:
      return make_softmax_attention_layer;
    case CoreKind::fake_sr:
      return make_fake_sr_layer;
    case CoreKind::sr_delta:
      return make_sr_delta_layer;
    case CoreKind::feed_forward_deep:
      return nullptr;
    case CoreKind::feed_forward:
    case CoreKind::lstm:
      break;
  }
  throw InternalError("this kind of core has no layers");
}

}  // namespace

void CoreState::push_back(Variable tensor) {
  SRWM_CHECK(size_ < max_tensors, "a core has more than {} state tensors", max_tensors);
  tensors_.at(size_++) = std::move(tensor);
}

std::unique_ptr<SequenceCore> make_core(ParameterSet& set, const CoreOptions& options, std::int64_t features,
                                        DropoutSites& sites) {
  if (options.kind == CoreKind::feed_forward) return std::make_unique<IdentityCore>(features);
  if (options.kind == CoreKind::lstm) return std::make_unique<LstmCore>(set, options, features);
  return std::make_unique<LayeredCore>(set, options, features, layer_maker(options.kind), sites);
}

}  // namespace srwm
