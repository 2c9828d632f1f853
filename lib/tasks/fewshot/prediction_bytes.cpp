#include "tasks/fewshot/prediction_bytes.h"

#include <cstring>

namespace srwm {
namespace {

/// What stands before the elements of the tensors.
struct Head {
  std::int64_t episodes, queries, correct, targets, n_way;
  double loss;
  DType real;
};

void append(const void* from, std::size_t count, Bytes& message) {
  const auto* bytes = static_cast<const std::byte*>(from);
  message.insert(message.end(), bytes, bytes + count);
}

Tensor take_tensor(const Shape& shape, DType dtype, std::span<const std::byte>& rest) {
  Tensor tensor = Tensor::owning(shape, dtype);
  if (tensor.bytes() > 0) std::memcpy(tensor.raw(), rest.data(), tensor.bytes());
  rest = rest.subspan(tensor.bytes());
  return tensor;
}

}  // namespace

void append_prediction(const Prediction& prediction, Bytes& message) {
  const Head head{prediction.episodes,      prediction.queries, prediction.correct,       prediction.targets.numel(),
                  prediction.logits.dim(1), prediction.loss,    prediction.logits.dtype()};
  append(&head, sizeof head, message);
  for (const Tensor* tensor : {&prediction.logits, &prediction.targets, &prediction.tasks}) {
    append(tensor->raw(), tensor->bytes(), message);
  }
}

Prediction read_prediction(std::span<const std::byte> message) {
  Head head;
  std::memcpy(&head, message.data(), sizeof head);
  std::span<const std::byte> rest = message.subspan(sizeof head);
  Prediction prediction{.episodes = head.episodes, .queries = head.queries, .loss = head.loss, .correct = head.correct};
  prediction.logits = take_tensor({head.targets, head.n_way}, head.real, rest);
  prediction.targets = take_tensor({head.targets}, DType::i32, rest);
  prediction.tasks = take_tensor({head.targets}, DType::u8, rest);
  return prediction;
}

}  // namespace srwm
