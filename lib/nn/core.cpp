#include "nn/core.h"

#include "core/error.h"
#include "nn/fast_weight_core.h"
#include "nn/lstm_core.h"

namespace srwm {

void CoreState::push_back(Variable tensor) {
  SRWM_CHECK(size_ < max_tensors, "a core has more than {} state tensors", max_tensors);
  tensors_.at(size_++) = std::move(tensor);
}

std::unique_ptr<SequenceCore> make_core(ParameterSet& set, const CoreOptions& options, std::int64_t features,
                                        DropoutSites& sites) {
  switch (options.kind) {
    case CoreKind::srwm:
    case CoreKind::delta_net:
    case CoreKind::linear_transformer:
    case CoreKind::transformer:
      return std::make_unique<FastWeightCore>(set, options, features, sites);
    case CoreKind::lstm:
      return std::make_unique<LstmCore>(set, options, features);
  }
  throw InternalError("unknown core kind");
}

}  // namespace srwm
