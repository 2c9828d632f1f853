// Sums over pixels for each channel, a block per slice of pixels and 32 channels.
#pragma once

#include "kernels/device.cuh"
#include "kernels/launch.h"

namespace srwm::cuda {

constexpr int channel_lanes = 32, channel_teams = 8;

/// The channel of a thread and its pixels: first, first + channel_teams, ... below end.
struct ChannelSlice {
  std::int64_t channel, begin, first, end;

  __device__ ChannelSlice(std::int64_t pixels, std::int64_t slice_pixels)
      : channel(static_cast<std::int64_t>(blockIdx.y) * channel_lanes + threadIdx.x),
        begin(blockIdx.x * slice_pixels),
        first(begin + threadIdx.y),
        end(begin + slice_pixels < pixels ? begin + slice_pixels : pixels) {}
};

inline Launch channel_slices(std::int64_t pixels, std::int64_t slice_pixels, std::int64_t channels) {
  return {dim3(static_cast<unsigned>(ceil_div(pixels, slice_pixels)),
               static_cast<unsigned>(ceil_div(channels, channel_lanes))),
          dim3(channel_lanes, channel_teams)};
}

/// Sum of a value over the teams, in order; every team gets it. All threads of the block call it.
__device__ __forceinline__ float team_sum(float value) {
  __shared__ float values[channel_teams][channel_lanes];
  __syncthreads();  // the last call's values have been read
  values[threadIdx.y][threadIdx.x] = value;
  __syncthreads();
  float total = 0;
#pragma unroll
  for (int team = 0; team < channel_teams; ++team) total += values[team][threadIdx.x];
  return total;
}

/// Writes two sums of a slice as rows [slice, 2, channels].
__device__ __forceinline__ void put_sums(float* partial, std::int64_t channel, std::int64_t channels, float first,
                                         float second) {
  if (threadIdx.y > 0 || channel >= channels) return;
  partial[(2 * static_cast<std::int64_t>(blockIdx.x)) * channels + channel] = first;
  partial[(2 * static_cast<std::int64_t>(blockIdx.x) + 1) * channels + channel] = second;
}

}  // namespace srwm::cuda
