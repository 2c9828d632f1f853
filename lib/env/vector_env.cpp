#include "env/vector_env.h"

#include <algorithm>
#include <cstring>
#include <string_view>
#include <utility>

#include <fmt/core.h>

#include "core/error.h"

namespace srwm {
namespace {

static_assert(sizeof(libenv_tensortype) == 212 && sizeof(libenv_option) == 144 && sizeof(libenv_options) == 16 &&
              sizeof(libenv_buffers) == 40);

constexpr std::int32_t largest_state = 1 << 20;  // what ProcGen's own interface provides for

/// Options in the form that libenv takes; `options` must outlive it.
class PackedOptions {
 public:
  explicit PackedOptions(const std::vector<EnvOption>& options) : items_(options.size()), bytes_(options.size()) {
    for (std::size_t i = 0; i < options.size(); ++i) pack(options[i], items_[i], bytes_[i]);
  }
  libenv_options get() { return {items_.data(), static_cast<std::int32_t>(items_.size())}; }

 private:
  static void pack(const EnvOption& option, libenv_option& item, std::string& bytes) {
    option.name.copy(item.name, LIBENV_NAME_BYTES - 1);
    item.count = 1;
    item.dtype = LIBENV_UINT8;
    if (const bool* truth = std::get_if<bool>(&option.value)) {
      bytes.assign(1, *truth ? '\1' : '\0');
    } else if (const std::int32_t* number = std::get_if<std::int32_t>(&option.value)) {
      item.dtype = LIBENV_INT32;
      bytes.assign(reinterpret_cast<const char*>(number), sizeof(*number));
    } else {
      bytes = std::get<std::string>(option.value);
      item.count = static_cast<std::int32_t>(bytes.size());
    }
    item.data = bytes.data();
  }

  std::vector<libenv_option> items_;
  std::vector<std::string> bytes_;
};

std::size_t bytes_of(const libenv_tensortype& type) {
  std::size_t bytes = type.dtype == LIBENV_UINT8 ? 1 : 4;
  for (int axis = 0; axis < type.ndim; ++axis) bytes *= static_cast<std::size_t>(type.shape[axis]);
  return bytes;
}

std::string_view name_of(const libenv_tensortype& type) {
  return {type.name, strnlen(type.name, LIBENV_NAME_BYTES)};
}

/// "uint8 [64, 64, 3]"
std::string to_text(const libenv_tensortype& type) {
  constexpr const char* dtypes[] = {"unused", "uint8", "int32", "float32"};
  const bool is_known = type.dtype >= LIBENV_UNUSED && type.dtype <= LIBENV_FLOAT32;
  std::string shape;
  for (int axis = 0; axis < std::clamp(type.ndim, 0, LIBENV_MAX_DIMS); ++axis) {
    shape += fmt::format("{}{}", axis == 0 ? "" : ", ", type.shape[axis]);
  }
  return fmt::format("{} [{}]", is_known ? dtypes[type.dtype] : "of an unknown type", shape);
}

bool is_frame(const libenv_tensortype& type) {
  return type.dtype == LIBENV_UINT8 && type.ndim == 3 && type.shape[0] > 0 && type.shape[1] > 0 &&
         (type.shape[2] == 1 || type.shape[2] == 3);
}

bool is_action(const libenv_tensortype& type) {
  return type.dtype == LIBENV_INT32 && type.ndim == 0 && type.low.int32 == 0 && type.high.int32 >= 1;
}

}  // namespace

VectorEnv::VectorEnv(std::shared_ptr<const EnvLibrary> library, const EnvRequest& request)
    : library_(std::move(library)),
      size_(request.envs),
      options_(library_->options_for(request)),
      guard_(library_->path().string(), srwm::to_text(options_)) {
  guard_.doing("making environments");
  env_ = library_->make(size_, PackedOptions(options_).get());
  if (env_ == nullptr) {
    throw DeviceError("{} made no environments from the options {}.", library_->path().string(),
                      srwm::to_text(options_));
  }
  try {
    read_spaces();
  } catch (...) {
    library_->close(env_);
    throw;
  }
}

VectorEnv::~VectorEnv() {
  guard_.doing("closing");
  library_->close(env_);
}

libenv_tensortype VectorEnv::only_tensor(libenv_space space, const char* kind) const {
  std::vector<libenv_tensortype> types(
      static_cast<std::size_t>(std::max(0, library_->get_tensortypes(env_, space, nullptr))));
  if (types.size() != 1) {
    throw DeviceError("{} has {} {} tensors; srwm takes environments with one.", library_->path().string(),
                      types.size(), kind);
  }
  library_->get_tensortypes(env_, space, types.data());
  return types.front();
}

void VectorEnv::read_spaces() {
  guard_.doing("saying what its observations are");
  const libenv_tensortype seen = only_tensor(LIBENV_OBSERVATION, "observation");
  if (!is_frame(seen)) {
    throw DeviceError("The observation '{}' of {} is {}; it must be a picture, uint8 [height, width, 1 or 3].",
                      name_of(seen), library_->path().string(), to_text(seen));
  }
  frame_ = {seen.shape[0], seen.shape[1], seen.shape[2]};
  const libenv_tensortype done = only_tensor(LIBENV_ACTION, "action");
  if (!is_action(done)) {
    throw DeviceError("The action '{}' of {} is {}; it must be a single int32 from 0 to at least 1.", name_of(done),
                      library_->path().string(), to_text(done));
  }
  actions_ = done.high.int32 + 1;
  info_types_.resize(static_cast<std::size_t>(std::max(0, library_->get_tensortypes(env_, LIBENV_INFO, nullptr))));
  library_->get_tensortypes(env_, LIBENV_INFO, info_types_.data());
}

void VectorEnv::start(const EnvBuffers& buffers) {
  const auto n = static_cast<std::size_t>(size_);
  frame_places_.resize(n);
  action_places_.resize(n);
  info_places_.resize(n * info_types_.size());
  other_info_.resize(info_types_.size());
  for (std::size_t i = 0; i < n; ++i) {
    frame_places_[i] = buffers.frames + static_cast<std::int64_t>(i) * frame_.bytes();
    action_places_[i] = buffers.actions + i;
  }
  const auto lay_out = [&](std::size_t tensor, void* memory, std::size_t stride) {
    for (std::size_t i = 0; i < n; ++i) info_places_[tensor * n + i] = static_cast<std::byte*>(memory) + i * stride;
  };
  const auto own_vector = [&](std::size_t tensor, auto& values) {
    values.resize(n);
    lay_out(tensor, values.data(), sizeof(values[0]));
  };
  for (std::size_t t = 0; t < info_types_.size(); ++t) {
    const libenv_tensortype& type = info_types_[t];
    if (name_of(type) == "level_seed" && bytes_of(type) == 4) {
      own_vector(t, info_.level_seed);
    } else if (name_of(type) == "prev_level_seed" && bytes_of(type) == 4) {
      own_vector(t, info_.prev_level_seed);
    } else if (name_of(type) == "prev_level_complete" && bytes_of(type) == 1) {
      own_vector(t, info_.prev_level_complete);
    } else {
      other_info_[t].resize(n * bytes_of(type));
      lay_out(t, other_info_[t].data(), bytes_of(type));
    }
  }
  libenv_buffers all{frame_places_.data(), buffers.rewards, buffers.is_first, info_places_.data(),
                     action_places_.data()};
  guard_.doing("starting the first episodes");
  library_->set_buffers(env_, &all);
}

void VectorEnv::observe() {
  library_->observe(env_);
}

void VectorEnv::act() {
  guard_.doing("stepping");
  library_->act(env_);
}

std::string VectorEnv::save_state(int index) {
  if (!library_->saves_state()) {
    throw DeviceError("{} cannot save the state of its environments (it has no get_state and set_state).",
                      library_->path().string());
  }
  guard_.doing("saving the state of an environment");
  state_.resize(largest_state);
  const int bytes = library_->get_state(env_, index, state_.data(), largest_state);
  return {state_.data(), static_cast<std::size_t>(std::clamp(bytes, 0, largest_state))};
}

void VectorEnv::load_state(int index, const std::string& state) {
  SRWM_CHECK(library_->saves_state(), "states of {} cannot be loaded", library_->path().string());
  guard_.doing("putting back the state of an environment");
  std::string bytes = state;  // the interface wants to be able to write
  library_->set_state(env_, index, bytes.data(), static_cast<int>(bytes.size()));
}

EnvMemory::EnvMemory(const VectorEnv& env, const Make& make)
    : frames(make({env.size(), env.frame().height, env.frame().width, env.frame().channels}, DType::u8)),
      rewards(make({env.size()}, DType::f32)),
      is_first(make({env.size()}, DType::u8)),
      actions(make({env.size()}, DType::i32)) {}

EnvBuffers EnvMemory::buffers() const {
  return {frames.data<std::uint8_t>(), rewards.data<float>(), is_first.data<std::uint8_t>(),
          actions.data<std::int32_t>()};
}

}  // namespace srwm
