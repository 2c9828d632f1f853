/* The C interface of vectorized environments that ProcGen's library speaks, version 1. C99 or later, or C++.
 *
 * A library exports, with C linkage and default visibility, libenv_version, libenv_make, libenv_get_tensortypes,
 * libenv_set_buffers, libenv_observe, libenv_act and libenv_close; get_state, set_state and libenv_describe if it can.
 * srwm's docs/environments.md says what each has to do. Layouts are fixed: a library built elsewhere must agree with
 * them byte for byte. Memory handed to a library stays the caller's and must live until libenv_close. */
#ifndef SRWM_LIBENV_H
#define SRWM_LIBENV_H

#include <stdint.h>

/* NOLINTBEGIN(modernize-*,bugprone-*): C. */
#ifdef __cplusplus
extern "C" {
#endif

#define LIBENV_CURRENT_VERSION 1
#define LIBENV_NAME_BYTES 128
#define LIBENV_MAX_DIMS 16

/* One vector of environments, known to the library alone. */
typedef struct libenv_env libenv_env;

/* Of four bytes in every language, hence not the enums' own types. */
typedef int32_t libenv_dtype;
enum { LIBENV_UNUSED = 0, LIBENV_UINT8 = 1, LIBENV_INT32 = 2, LIBENV_FLOAT32 = 3 };
typedef int32_t libenv_scalar_type;
enum { LIBENV_REAL = 1, LIBENV_DISCRETE = 2 };
typedef int32_t libenv_space;
enum { LIBENV_OBSERVATION = 1, LIBENV_ACTION = 2, LIBENV_INFO = 3 };

typedef union libenv_bound {
  uint8_t uint8;
  int32_t int32;
  float float32;
} libenv_bound;

/* One tensor of a space, as one environment has it; both bounds are included. */
typedef struct libenv_tensortype {
  char name[LIBENV_NAME_BYTES];
  libenv_scalar_type scalar_type;
  libenv_dtype dtype;
  int32_t shape[LIBENV_MAX_DIMS];
  int32_t ndim;
  libenv_bound low, high;
} libenv_tensortype;

/* Texts and truth values travel as UINT8 (a text: count is its length, no terminator), integers as INT32. */
typedef struct libenv_option {
  char name[LIBENV_NAME_BYTES];
  libenv_dtype dtype;
  int32_t count;
  void* data;
} libenv_option;

typedef struct libenv_options {
  libenv_option* items;
  int32_t count;
} libenv_options;

/* ob, info and ac are indexed [tensor * num + env]; rew and first by env. */
typedef struct libenv_buffers {
  void** ob;
  float* rew;
  uint8_t* first;
  void** info;
  void** ac;
} libenv_buffers;

/* The types of what a library exports under these names, without "_function". */
typedef int libenv_version_function(void);
typedef libenv_env* libenv_make_function(int num, libenv_options options);
typedef int libenv_get_tensortypes_function(libenv_env* env, libenv_space space, libenv_tensortype* types);
typedef void libenv_set_buffers_function(libenv_env* env, libenv_buffers* buffers); /* once; starts the first reset */
typedef void libenv_observe_function(libenv_env* env);                              /* waits for the steps */
typedef void libenv_act_function(libenv_env* env); /* may return before they are done */
typedef void libenv_close_function(libenv_env* env);

/* Optional: exported as get_state and set_state. The first writes at most `length` bytes and returns how many; 0: it
 * cannot. They are about what decides the rest of the episode; the buffers need neither be kept nor restored. */
typedef int libenv_get_state_function(libenv_env* env, int index, char* data, int length);
typedef void libenv_set_state_function(libenv_env* env, int index, char* data, int length);

/* Optional, srwm's own: JSON that says what the library offers; see docs/environments.md. */
typedef const char* libenv_describe_function(void);

#ifdef __cplusplus
}
#endif
/* NOLINTEND(modernize-*,bugprone-*) */

#endif
