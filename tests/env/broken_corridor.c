/* The example of examples/env, broken in one way: FAULT says which. */
#include <math.h>

#define libenv_act whole_act
#define libenv_make whole_make
#define get_state whole_get_state
#include "../../examples/env/corridor.c"
#undef libenv_act
#undef libenv_make
#undef get_state

enum { FENCE = 1, REWARD, FIRST, SEED, STATE, LEVEL, ACTION };

EXPORT libenv_env* libenv_make(int num, libenv_options options) {
  static int made = 0;
  libenv_env* env = whole_make(num, options);
  if (env == NULL) return NULL;
  if (FAULT == SEED) env->seed += made++;
  if (FAULT == LEVEL) env->levels = 0;
  return env;
}

EXPORT void libenv_act(libenv_env* env) {
  whole_act(env);
  if (FAULT == FENCE) ((uint8_t*)env->buffers.ob[0])[-1] = 1;
  if (FAULT == REWARD) env->buffers.rew[1] = NAN;
  if (FAULT == FIRST) env->buffers.first[1] = 2;
  if (FAULT == ACTION) *(int32_t*)env->buffers.ac[0] = 1 - *(int32_t*)env->buffers.ac[0];
}

EXPORT int get_state(libenv_env* env, int index, char* data, int length) {
  const int written = whole_get_state(env, index, data, length);
  if (FAULT == STATE) ((Game*)(void*)data)->place = 0;
  return written;
}
