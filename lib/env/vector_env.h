// Many environments that step together.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/tensor.h"
#include "env/env_library.h"
#include "env/exit_guard.h"
#include "env/request.h"

namespace srwm {

/// Frames are u8 [height, width, channels].
struct FrameShape {
  std::int64_t height = 0, width = 0, channels = 0;
  std::int64_t bytes() const { return height * width * channels; }
  bool operator==(const FrameShape&) const = default;
};

/// Memory of the caller that environments read and write directly; N environments. It must outlive the VectorEnv.
/// Pinned memory saves the copy on the way to a GPU.
struct EnvBuffers {
  std::uint8_t* frames;    ///< [N, height, width, channels]
  float* rewards;          ///< [N]
  std::uint8_t* is_first;  ///< [N]; 1: the reward ended the old episode, the frame is the first of a new one
  std::int32_t* actions;   ///< [N]; read by `act`
};

/// What there is besides; [N] each, empty where the library does not tell.
struct EnvInfo {
  std::vector<std::int32_t> level_seed, prev_level_seed;
  std::vector<std::uint8_t> prev_level_complete;
};

/// A libenv vector of environments. The rhythm is
///
///     env.start(buffers); env.observe();
///     while (...) { fill buffers.actions; env.act(); ... env.observe(); use frames, rewards, is_first }
///
/// `act` may return before the steps are done (with threads > 0 it does): between `act` and `observe` the buffers
/// belong to the library, and the caller can do something else. Environments reset themselves. What they do does not
/// depend on `threads`. One thread at a time may call; different VectorEnvs are independent.
class VectorEnv {
 public:
  /// UsageError if the library does not offer what is asked for, DeviceError if it then fails or its frames, actions or
  /// rewards are not what srwm can use: one observation u8 [H, W, C], C 1 or 3, and one discrete action i32 from 0 on.
  VectorEnv(std::shared_ptr<const EnvLibrary> library, const EnvRequest& request);
  ~VectorEnv();
  VectorEnv(const VectorEnv&) = delete;
  VectorEnv& operator=(const VectorEnv&) = delete;

  int size() const { return size_; }
  FrameShape frame() const { return frame_; }
  /// Number of actions: 0 ... actions() - 1.
  int actions() const { return actions_; }
  /// Everything it was made with, the defaults included.
  const std::vector<EnvOption>& options() const { return options_; }
  const EnvLibrary& library() const { return *library_; }

  /// Tells the library, once, where to write, which starts the first episodes.
  void start(const EnvBuffers& buffers);
  /// Waits until frames, rewards, is_first and info are those after the last `act` (or `start`).
  void observe();
  /// Begins a step with the actions in the buffers.
  void act();
  const EnvInfo& info() const { return info_; }

  /// The state of environment `index` between `observe` and `act`, as bytes for load_state. DeviceError if the library
  /// cannot save states.
  std::string save_state(int index);
  /// Puts environment `index` of an equally made VectorEnv into that state, after which everything goes on as it did
  /// then. Call `observe` when all are loaded: the buffers are those of then.
  void load_state(int index, const std::string& state);

 private:
  void read_spaces();
  libenv_tensortype only_tensor(libenv_space space, const char* kind) const;

  std::shared_ptr<const EnvLibrary> library_;
  int size_;
  std::vector<EnvOption> options_;
  ExitGuard guard_;
  libenv_env* env_ = nullptr;
  FrameShape frame_;
  int actions_ = 0;
  std::vector<libenv_tensortype> info_types_;
  EnvInfo info_;
  std::vector<void*> frame_places_, action_places_, info_places_;  ///< may be read until the library is closed
  std::vector<std::vector<std::byte>> other_info_;  ///< tensors that nobody asks for, yet the library writes
  std::vector<char> state_;
};

/// Buffers for a VectorEnv in host memory of their own, which `make` gives.
struct EnvMemory {
  using Make = std::function<Tensor(Shape shape, DType dtype)>;
  explicit EnvMemory(const VectorEnv& env, const Make& make = Tensor::owning);
  EnvBuffers buffers() const;

  Tensor frames;    ///< u8 [N, H, W, C]
  Tensor rewards;   ///< f32 [N]
  Tensor is_first;  ///< u8 [N]
  Tensor actions;   ///< i32 [N]
};

}  // namespace srwm
