// A library of environments that does what its env_name says, most of it wrong. "works": observations are u8 [1, 2, 1],
// the environment's number and its steps modulo 4; the reward is the action; every fourth step ends an episode.
// "options": the frame tells the options "number" and, as count of its letters, "word"; the reward is "truth".
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "env/libenv.h"

#ifndef FAKE_VERSION
#define FAKE_VERSION 1
#endif

struct libenv_env {
  std::string behaviour;
  int num = 0, number = 0, word = 0;
  std::vector<int> steps;  // of each environment
  float truth = -1;
  libenv_buffers buffers{};

  std::uint8_t* frame(int i) const { return static_cast<std::uint8_t*>(buffers.ob[i]); }
  void write(int i) const {
    if (behaviour == "options") {
      frame(i)[0] = static_cast<std::uint8_t>(number);
      frame(i)[1] = static_cast<std::uint8_t>(word);
      buffers.rew[i] = truth;
      return;
    }
    frame(i)[0] = static_cast<std::uint8_t>(i);
    const int step = steps[static_cast<std::size_t>(i)];
    frame(i)[1] = static_cast<std::uint8_t>(step % 4);
    buffers.rew[i] = step == 0 ? 0.0F : static_cast<float>(*static_cast<std::int32_t*>(buffers.ac[i]));
    buffers.first[i] = step % 4 == 0 ? 1 : 0;
    *static_cast<float*>(buffers.info[i]) = 0.5F;
  }
};

namespace {

[[noreturn]] void give_up(const char* where) {
  std::fprintf(stderr, "fake: I do not like this (%s)\n", where);
  std::exit(1);
}

void read_option(const libenv_option& option, libenv_env& env) {
  const std::string name = option.name;
  if (name == "env_name")
    env.behaviour.assign(static_cast<const char*>(option.data), static_cast<std::size_t>(option.count));
  if (name == "number" && option.dtype == LIBENV_INT32) std::memcpy(&env.number, option.data, sizeof(env.number));
  if (name == "word" && option.dtype == LIBENV_UINT8) env.word = option.count;
  if (name == "truth" && option.dtype == LIBENV_UINT8) env.truth = *static_cast<std::uint8_t*>(option.data);
}

libenv_tensortype tensor(const char* name, libenv_dtype dtype, std::vector<int> shape, int high) {
  libenv_tensortype type{};
  std::strcpy(type.name, name);
  type.scalar_type = LIBENV_DISCRETE;
  type.dtype = dtype;
  type.ndim = static_cast<int>(shape.size());
  for (std::size_t axis = 0; axis < shape.size(); ++axis) type.shape[axis] = shape[axis];
  type.high.int32 = high;
  return type;
}

std::vector<libenv_tensortype> tensors(const libenv_env& env, libenv_space space) {
  const std::string& behaviour = env.behaviour;
  if (space == LIBENV_ACTION) return {tensor("do", behaviour == "float action" ? LIBENV_FLOAT32 : LIBENV_INT32, {}, 2)};
  if (space == LIBENV_INFO) return {tensor("mood", LIBENV_FLOAT32, {}, 1)};
  libenv_tensortype frame = tensor("rgb", LIBENV_UINT8, {1, 2, 1}, 255);
  if (behaviour == "flat frames") frame = tensor("rgb", LIBENV_UINT8, {12288}, 255);
  if (behaviour == "float frames") frame = tensor("rgb", LIBENV_FLOAT32, {64, 64, 3}, 1);
  if (behaviour == "two frames") return {frame, frame};
  return {frame};
}

}  // namespace

extern "C" {

int libenv_version() {
  return FAKE_VERSION;
}

#ifdef FAKE_DESCRIPTION
const char* libenv_describe() {
  return FAKE_DESCRIPTION;
}
#endif

libenv_env* libenv_make(int num, const libenv_options options) {
  auto* env = new libenv_env;
  env->num = num;
  env->steps.resize(static_cast<std::size_t>(num));
  for (int i = 0; i < options.count; ++i) read_option(options.items[i], *env);
  if (env->behaviour == "exit in make") give_up("make");
  if (env->behaviour != "nothing") return env;
  delete env;
  return nullptr;
}

int libenv_get_tensortypes(libenv_env* env, libenv_space space, libenv_tensortype* types) {
  const std::vector<libenv_tensortype> all = tensors(*env, space);
  for (std::size_t i = 0; types != nullptr && i < all.size(); ++i) types[i] = all[i];
  return static_cast<int>(all.size());
}

void libenv_set_buffers(libenv_env* env, libenv_buffers* buffers) {
  env->buffers = *buffers;
  for (int i = 0; i < env->num; ++i) env->write(i);
}

void libenv_observe(libenv_env*) {}

void libenv_act(libenv_env* env) {
  if (env->behaviour == "exit in act") give_up("act");
  for (int& steps : env->steps) ++steps;
  for (int i = 0; i < env->num; ++i) env->write(i);
}

void libenv_close(libenv_env* env) {
  delete env;
}

#ifdef FAKE_STATE
/* No more than docs/environments.md asks for: neither writes to the buffers. */
int get_state(libenv_env* env, int index, char* data, int length) {
  if (length < static_cast<int>(sizeof(int))) return 0;
  std::memcpy(data, &env->steps[static_cast<std::size_t>(index)], sizeof(int));
  return sizeof(int);
}

void set_state(libenv_env* env, int index, char* data, int) {
  std::memcpy(&env->steps[static_cast<std::size_t>(index)], data, sizeof(int));
}
#endif
}
