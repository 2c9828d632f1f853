// One tick of many sub-RNNs that are not connected, forward and backward: for training sub-RNNs by themselves.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "ops/vsml.h"

namespace srwm {

/// One number of each of `lanes` sub-RNNs.
inline constexpr std::size_t sub_rnn_lanes = 64;
using Lanes = std::array<float, sub_rnn_lanes>;

/// Messages and cells of a tick. Vectors are [component].
struct SubRnnTick {
  std::vector<Lanes> forward_in, backward_in;    ///< messages that come in, [M]
  std::vector<Lanes> forward_out, backward_out;  ///< messages that go out, [M]
  std::vector<std::vector<Lanes>> h, c;          ///< before each micro tick and after the last, [micro ticks + 1][S]
  std::vector<std::vector<Lanes>> i, g, f, o, tanh_c;  ///< gates of each micro tick, [micro ticks][S]
};

/// dL_d of the messages that go out, [M], and of state: on entry that after the tick, on exit that before it, [S].
struct SubRnnGradient {
  std::vector<Lanes> forward_out, backward_out, h, c;
};

/// The ticks of ops/vsml.h without layer norm, where each sub-RNN has messages of its own.
class SubRnnTicks {
 public:
  explicit SubRnnTicks(const Vsml& network);

  SubRnnTick empty_tick() const;
  /// `theta`: one set of parameters. State goes in and out through h and c [S].
  void forward(const float* theta, SubRnnTick& tick, std::vector<Lanes>& h, std::vector<Lanes>& c) const;
  /// Adds to dL_dtheta, a set; gradients of messages that come in are not computed.
  void backward(const float* theta, const SubRnnTick& tick, SubRnnGradient& gradient, float* dL_dtheta) const;

 private:
  struct Sizes {
    std::size_t message, state, ticks;
  };
  const Lanes& input(const SubRnnTick& tick, std::size_t micro, std::size_t k) const;
  void messages(const float* theta, const std::vector<Lanes>& h, std::vector<Lanes>& out, std::int64_t w,
                std::int64_t beta) const;

  Sizes n_;
  VsmlOffsets offsets_;
};

}  // namespace srwm
