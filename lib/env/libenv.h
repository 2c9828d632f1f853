/* The C interface of vectorised environments that ProcGen's library speaks, version 1. Layouts are fixed: a library
 * built elsewhere must agree with them byte for byte. Memory handed to a library stays the caller's and must live until
 * libenv_close. */
#pragma once

#include <cstdint>

extern "C" {

struct libenv_env; /* one vector of environments, known to the library alone */

enum libenv_dtype : std::int32_t { LIBENV_UNUSED = 0, LIBENV_UINT8 = 1, LIBENV_INT32 = 2, LIBENV_FLOAT32 = 3 };
enum libenv_scalar_type : std::int32_t { LIBENV_REAL = 1, LIBENV_DISCRETE = 2 };
enum libenv_space : std::int32_t { LIBENV_OBSERVATION = 1, LIBENV_ACTION = 2, LIBENV_INFO = 3 };

constexpr int libenv_name_bytes = 128;
constexpr int libenv_max_dims = 16;

union libenv_bound {
  std::uint8_t uint8;
  std::int32_t int32;
  float float32;
};

/* One tensor of a space, as one environment has it; both bounds are included. */
struct libenv_tensortype {
  char name[libenv_name_bytes];
  libenv_scalar_type scalar_type;
  libenv_dtype dtype;
  std::int32_t shape[libenv_max_dims];
  std::int32_t ndim;
  libenv_bound low, high;
};

/* Texts and truth values travel as UINT8 (a text: count is its length, no terminator), integers as INT32. */
struct libenv_option {
  char name[libenv_name_bytes];
  libenv_dtype dtype;
  std::int32_t count;
  void* data;
};

struct libenv_options {
  libenv_option* items;
  std::int32_t count;
};

/* ob, info and ac are indexed [tensor * num + env]; rew and first by env. */
struct libenv_buffers {
  void** ob;
  float* rew;
  std::uint8_t* first;
  void** info;
  void** ac;
};

constexpr int libenv_current_version = 1;

/* What a library exports under these names; the last three are optional. */
using libenv_version_function = int();
using libenv_make_function = libenv_env*(int num, libenv_options options);
using libenv_get_tensortypes_function = int(libenv_env* env, libenv_space space, libenv_tensortype* types);
using libenv_set_buffers_function = void(libenv_env* env, libenv_buffers* buffers); /* once; starts the first reset */
using libenv_observe_function = void(libenv_env* env);                              /* waits for the steps */
using libenv_act_function = void(libenv_env* env); /* may return before they are done */
using libenv_close_function = void(libenv_env* env);
using libenv_get_state_function = int(libenv_env* env, int index, char* data, int length);  /* exported as get_state */
using libenv_set_state_function = void(libenv_env* env, int index, char* data, int length); /* as set_state */
using libenv_describe_function = const char*(); /* ours: JSON, see env/description.h */
}

static_assert(sizeof(libenv_tensortype) == 212 && sizeof(libenv_option) == 144 && sizeof(libenv_options) == 16 &&
              sizeof(libenv_buffers) == 40);
