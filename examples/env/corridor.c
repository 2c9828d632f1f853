/* A game in plain C for srwm, one file: copy it and change it.
 *
 *   cc -O2 -shared -fPIC -I INCLUDE corridor.c -o corridor.so     (INCLUDE: the folder of libenv.h)
 *   srwm env check --library ./corridor.so
 *   srwm train-rl --config corridor.json --set env.library=./corridor.so
 *
 * At its start an agent sees which end of a corridor has the prize: a bright column at the left or at the right edge of
 * the picture, for one step. Then there are only the walls and the agent itself, which walks left or right. The prize
 * is worth 1, the other end nothing, and either ends the episode: an agent that remembers gets 1, any other 0.5. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libenv.h"

#define EXPORT __attribute__((visibility("default")))

enum { SIZE = 16, HALF = 4, LONGEST = 40 };
enum { LEFT, RIGHT, ACTIONS };

/* Everything that decides how an episode goes on: what get_state saves. */
typedef struct {
  uint32_t episode; /* numbers from which levels are drawn */
  int32_t level;    /* even: the prize is at the left end */
  int32_t place;    /* -HALF ... HALF */
  int32_t steps;    /* of the episode so far */
} Game;

struct libenv_env {
  int num;
  int32_t seed, first_level, levels;
  libenv_buffers buffers;
  Game* games;
};

/* A number that depends on three others and looks random (the finalizer of MurmurHash3). */
static uint32_t mix(uint32_t a, uint32_t b, uint32_t c) {
  uint32_t x = a * 0x9e3779b9u ^ b * 0x85ebca6bu ^ c * 0xc2b2ae35u;
  x = (x ^ (x >> 16)) * 0x85ebca6bu;
  x = (x ^ (x >> 13)) * 0xc2b2ae35u;
  return x ^ (x >> 16);
}

static void begin_episode(const libenv_env* env, int i) {
  Game* game = &env->games[i];
  const uint32_t number = mix((uint32_t)env->seed, (uint32_t)i, game->episode++);
  game->level = env->first_level + (int32_t)(env->levels > 0 ? number % (uint32_t)env->levels : number >> 8);
  game->place = 0;
  game->steps = 0;
}

static void draw(const libenv_env* env, int i) {
  const Game* game = &env->games[i];
  uint8_t* frame = env->buffers.ob[i];
  memset(frame, 40, SIZE * SIZE);
  for (int column = 0; column < SIZE; ++column) frame[5 * SIZE + column] = frame[10 * SIZE + column] = 120;
  for (int row = 6; row < 10; ++row) frame[row * SIZE + 8 + game->place * 7 / HALF] = 200;
  if (game->steps > 0) return;
  for (int row = 0; row < SIZE; ++row) frame[row * SIZE + (game->level % 2 == 0 ? 0 : SIZE - 1)] = 255;
}

/* The level is the info that srwm checks levels by. */
static void tell(const libenv_env* env, int i, float reward, int is_first) {
  env->buffers.rew[i] = reward;
  env->buffers.first[i] = (uint8_t)is_first;
  *(int32_t*)env->buffers.info[i] = env->games[i].level;
  draw(env, i);
}

EXPORT int libenv_version(void) {
  return LIBENV_CURRENT_VERSION;
}

EXPORT const char* libenv_describe(void) {
  return "{\"name\": \"corridor\", \"actions\": [\"left\", \"right\"],"
         " \"standard\": [\"env_name\", \"num_levels\", \"start_level\", \"rand_seed\"],"
         " \"games\": [{\"name\": \"corridor\", \"summary\": \"Remember which end has the prize\", \"memory\": true,"
         " \"modes\": [\"only\"], \"best\": [1], \"memoryless\": [0.5]}], \"options\": []}";
}

EXPORT libenv_env* libenv_make(int num, libenv_options options) {
  libenv_env* env = calloc(1, sizeof(*env));
  if (env == NULL) return NULL;
  env->num = num;
  env->games = calloc((size_t)num, sizeof(*env->games));
  for (int i = 0; i < options.count; ++i) {
    const libenv_option* option = &options.items[i];
    if (option->dtype != LIBENV_INT32) continue; /* env_name: there is one game */
    const int32_t value = *(const int32_t*)option->data;
    if (strcmp(option->name, "rand_seed") == 0) env->seed = value;
    if (strcmp(option->name, "start_level") == 0) env->first_level = value;
    if (strcmp(option->name, "num_levels") == 0) env->levels = value;
  }
  return env;
}

static void describe_tensor(libenv_tensortype* type, const char* name, libenv_dtype dtype) {
  memset(type, 0, sizeof(*type));
  snprintf(type->name, sizeof(type->name), "%s", name);
  type->scalar_type = LIBENV_DISCRETE;
  type->dtype = dtype;
}

EXPORT int libenv_get_tensortypes(libenv_env* env, libenv_space space, libenv_tensortype* types) {
  (void)env;
  if (types == NULL) return 1;
  if (space == LIBENV_ACTION) {
    describe_tensor(types, "action", LIBENV_INT32);
    types->high.int32 = ACTIONS - 1;
  } else if (space == LIBENV_INFO) {
    describe_tensor(types, "level_seed", LIBENV_INT32);
    types->high.int32 = INT32_MAX;
  } else {
    describe_tensor(types, "rgb", LIBENV_UINT8);
    types->ndim = 3;
    types->shape[0] = types->shape[1] = SIZE;
    types->shape[2] = 1;
    types->high.uint8 = 255;
  }
  return 1;
}

EXPORT void libenv_set_buffers(libenv_env* env, libenv_buffers* buffers) {
  env->buffers = *buffers;
  for (int i = 0; i < env->num; ++i) {
    begin_episode(env, i);
    tell(env, i, 0, 1);
  }
}

EXPORT void libenv_observe(libenv_env* env) {
  (void)env; /* libenv_act has done everything; a library with threads waits for them here */
}

EXPORT void libenv_act(libenv_env* env) {
  for (int i = 0; i < env->num; ++i) {
    Game* game = &env->games[i];
    game->place += *(const int32_t*)env->buffers.ac[i] == LEFT ? -1 : 1;
    ++game->steps;
    const int at_end = abs(game->place) == HALF, is_prize = at_end && (game->place < 0) == (game->level % 2 == 0);
    const int ends = at_end || game->steps == LONGEST;
    if (ends) begin_episode(env, i); /* the reward comes with the first frame of the next episode */
    tell(env, i, is_prize ? 1.0f : 0.0f, ends);
  }
}

EXPORT void libenv_close(libenv_env* env) {
  free(env->games);
  free(env);
}

EXPORT int get_state(libenv_env* env, int index, char* data, int length) {
  if (length < (int)sizeof(Game)) return 0;
  memcpy(data, &env->games[index], sizeof(Game));
  return sizeof(Game);
}

EXPORT void set_state(libenv_env* env, int index, char* data, int length) {
  if (length == (int)sizeof(Game)) memcpy(&env->games[index], data, sizeof(Game));
}
