#include "fewshot/diagnosis.h"

#include "nn/find_bad_tensor.h"

namespace srwm {

std::string find_first_bad_tensor(Context& context, FewShotLearner& learner, const EpisodeBatch& batch,
                                  const ImagePool& pool) {
  return find_first_bad_tensor(context, learner.parameters(), [&](const TensorWatcher& watcher) {
    learner.parameters().zero_grad();
    learner.accumulate_gradient(context, batch, pool, watcher);
  });
}

std::string find_first_bad_tensor_of_prediction(Context& context, FewShotLearner& learner, const EpisodeBatch& batch,
                                                const ImagePool& pool) {
  return find_first_bad_tensor(context, learner.parameters(), [&](const TensorWatcher& watcher) {
    learner.predict(context, learner.stage(context, batch, pool), watcher);
  });
}

}  // namespace srwm
