/* A library of environments in C, as somebody outside would write it with nothing but the installed header: one pixel
 * that counts the steps, one of two actions, episodes of three steps. */
#include <stdlib.h>
#include <string.h>

#include "env/libenv.h"

_Static_assert(sizeof(libenv_tensortype) == 212 && sizeof(libenv_option) == 144 && sizeof(libenv_options) == 16 &&
                   sizeof(libenv_buffers) == 40,
               "the layouts are those of ProcGen's library");

struct libenv_env {
  int num, steps;
  libenv_buffers buffers;
};

static void show(libenv_env* env) {
  for (int i = 0; i < env->num; ++i) {
    *(uint8_t*)env->buffers.ob[i] = (uint8_t)env->steps;
    env->buffers.rew[i] = env->steps == 0 ? 0.0f : (float)*(int32_t*)env->buffers.ac[i];
    env->buffers.first[i] = env->steps % 3 == 0;
  }
}

#define EXPORT __attribute__((visibility("default")))

/* Declared with the header's types, so that a compiler holds the definitions against them. */
EXPORT libenv_version_function libenv_version;
EXPORT libenv_make_function libenv_make;
EXPORT libenv_get_tensortypes_function libenv_get_tensortypes;
EXPORT libenv_set_buffers_function libenv_set_buffers;
EXPORT libenv_observe_function libenv_observe;
EXPORT libenv_act_function libenv_act;
EXPORT libenv_close_function libenv_close;

int libenv_version(void) {
  return LIBENV_CURRENT_VERSION;
}

libenv_env* libenv_make(int num, libenv_options options) {
  libenv_env* env = calloc(1, sizeof(*env));
  (void)options;
  if (env != NULL) env->num = num;
  return env;
}

int libenv_get_tensortypes(libenv_env* env, libenv_space space, libenv_tensortype* types) {
  (void)env;
  if (space == LIBENV_INFO) return 0;
  if (types == NULL) return 1;
  memset(types, 0, sizeof(*types));
  types->scalar_type = LIBENV_DISCRETE;
  if (space == LIBENV_ACTION) {
    strcpy(types->name, "action");
    types->dtype = LIBENV_INT32;
    types->high.int32 = 1;
    return 1;
  }
  strcpy(types->name, "rgb");
  types->dtype = LIBENV_UINT8;
  types->ndim = 3;
  types->shape[0] = types->shape[1] = types->shape[2] = 1;
  types->high.uint8 = 255;
  return 1;
}

void libenv_set_buffers(libenv_env* env, libenv_buffers* buffers) {
  env->buffers = *buffers;
  show(env);
}

void libenv_observe(libenv_env* env) {
  (void)env;
}

void libenv_act(libenv_env* env) {
  ++env->steps;
  show(env);
}

void libenv_close(libenv_env* env) {
  free(env);
}
