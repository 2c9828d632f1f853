// The table of op bodies for one kind of device. The CPU tables are linked in; CUDA's comes from libsrwm_cuda.so.
#pragma once

#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "core/context.h"
#include "core/version.h"
#include "ops/actor_critic.h"
#include "ops/add.h"
#include "ops/add_shared.h"
#include "ops/append_column.h"
#include "ops/batch_norm.h"
#include "ops/channel_dropout.h"
#include "ops/concat_one_hot.h"
#include "ops/conv3x3.h"
#include "ops/conv_block.h"
#include "ops/cross_entropy.h"
#include "ops/delta_net.h"
#include "ops/dropout.h"
#include "ops/flatten_chw.h"
#include "ops/head_linear.h"
#include "ops/kl_divergence.h"
#include "ops/layer_norm.h"
#include "ops/linear.h"
#include "ops/linear_attention.h"
#include "ops/lstm.h"
#include "ops/max_pool2x2.h"
#include "ops/max_pool3x3.h"
#include "ops/mean_squares.h"
#include "ops/op.h"
#include "ops/pack_srwm.h"
#include "ops/peak.h"
#include "ops/relu.h"
#include "ops/select_rows.h"
#include "ops/shift_keys.h"
#include "ops/softmax_attention.h"
#include "ops/spatial_mean.h"
#include "ops/srwm.h"
#include "ops/swap_axes.h"
#include "ops/update.h"
#include "ops/weighted_sum.h"
#include "ops/zero_where.h"

namespace srwm {

template <typename... Ops>
struct OpList {
  using Bodies = std::tuple<Body<Ops>...>;
};

/// Every op of the engine. Adding one here makes every backend provide it or fail to link.
using AllOps = OpList<ActorCritic, Add, AddShared, AppendColumn, BatchNorm, ChannelDropout, ConcatOneHot, Conv3x3,
                      ConvBlock, CrossEntropy, DeltaNet, Dropout, FlattenChw, HeadLinear, KlDivergence, LayerNorm,
                      Linear, LinearAttention, Lstm, MaxPool2x2, MaxPool3x3, MeanSquares, PackSrwm, Relu, SelectRows,
                      ShiftKeys, SoftmaxAttention, SpatialMean, Srwm, SwapAxes, WeightedSum, ZeroWhere>;

struct Backend {
  const char* name;  ///< "cpu", "reference", "cuda"
  Device device;
  BlockSource* memory;
  std::unique_ptr<DeviceQueue> (*make_queue)(Device) = nullptr;  ///< none: the host's
  AllOps::Bodies bodies;
  UpdateBodies updates;
  std::string device_name = {};                ///< "NVIDIA H200"; empty for the host
  std::vector<LibraryVersion> libraries = {};  ///< that this backend alone uses
  PeakBodies peaks = {};                       ///< for benchmarks

  template <typename Op>
  const Body<Op>& body() const {
    return std::get<Body<Op>>(bodies);
  }
};

/// Fast float32 bodies.
const Backend& cpu_backend();
/// Plain loops in `real` (f32 or f64).
const Backend& reference_backend(DType real);

}  // namespace srwm
