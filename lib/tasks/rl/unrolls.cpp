#include "tasks/rl/unrolls.h"

#include <numeric>

#include "core/error.h"

namespace srwm {

UnrollRing::UnrollRing(Context& context, const Agent& agent, FrameShape frame, std::int64_t unroll, std::int64_t group,
                       std::int64_t batch, std::int64_t groups)
    : unroll_(unroll), group_(group), batch_(batch) {
  rows_ = rows_for(group, batch, groups);
  const std::int64_t columns = unroll + 1;
  tensors_ = {context.persistent({rows_, columns, frame.height, frame.width, frame.channels}, DType::u8),
              context.persistent({rows_, columns}, DType::f32), context.persistent({rows_, columns}, DType::u8),
              context.persistent({rows_, columns}, DType::i32), context.persistent({rows_, columns}, DType::f32)};
  for (const Shape& shape : agent.state_shapes(rows_)) tensors_.push_back(context.persistent(shape));
  versions_.resize(static_cast<std::size_t>(rows_));
}

std::int64_t UnrollRing::rows_for(std::int64_t group, std::int64_t batch, std::int64_t groups) {
  const std::int64_t step = std::lcm(group, batch), needed = groups * group + batch;
  return (needed + step - 1) / step * step;
}

double UnrollRing::row_bytes(const Agent& agent, FrameShape frame, std::int64_t unroll) {
  const std::int64_t figures = 3 * sizeof(float) + 1;  // reward, action, log-probability; is_first
  const std::int64_t steps = (unroll + 1) * (frame.height * frame.width * frame.channels + figures);
  double bytes = static_cast<double>(steps);
  for (const Shape& shape : agent.state_shapes(1)) bytes += static_cast<double>(shape.numel() * sizeof(float));
  return bytes;
}

UnrollRows UnrollRing::at(std::int64_t begin, std::int64_t count) const {
  const std::int64_t first = begin % rows_, last = first + count;
  SRWM_CHECK(last <= rows_, "rows {} to {} of a ring of {}", first, last, rows_);
  UnrollRows rows{.frames = tensors_[0].rows(first, last),
                  .rewards = tensors_[1].rows(first, last),
                  .is_first = tensors_[2].rows(first, last),
                  .actions = tensors_[3].rows(first, last),
                  .log_probs = tensors_[4].rows(first, last),
                  .state = {}};
  for (std::size_t i = 5; i < tensors_.size(); ++i) rows.state.push_back(tensors_[i].rows(first, last));
  return rows;
}

}  // namespace srwm
