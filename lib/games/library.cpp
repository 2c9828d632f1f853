// The libenv interface of libsrwm_games.so.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "env/libenv.h"
#include "games/description.h"
#include "games/game_vector.h"

#define SRWM_EXPORT extern "C" __attribute__((visibility("default")))

namespace srwm::games {
namespace {

GameVector& vector_of(libenv_env* env) {
  return *reinterpret_cast<GameVector*>(env);
}

int game_index(std::string_view name) {
  const auto games = all_games();
  const auto found = std::ranges::find_if(games, [&](const GameEntry& game) { return name == game.name; });
  if (found == games.end()) throw std::invalid_argument("there is no game " + std::string(name));
  return static_cast<int>(found - games.begin());
}

/// "signpost,melody"
std::vector<int> parse_games(std::string_view text) {
  std::vector<int> games;
  while (true) {
    const std::size_t comma = text.find(',');
    games.push_back(game_index(text.substr(0, comma)));
    if (comma == std::string_view::npos) return games;
    text.remove_prefix(comma + 1);
  }
}

std::int32_t integer(const libenv_option& option) {
  if (option.dtype != LIBENV_INT32 || option.count != 1) {
    throw std::invalid_argument("the option " + std::string(option.name) + " is an integer");
  }
  std::int32_t value = 0;
  std::memcpy(&value, option.data, sizeof(value));
  return value;
}

std::string_view text_of(const libenv_option& option) {
  if (option.dtype != LIBENV_UINT8)
    throw std::invalid_argument("the option " + std::string(option.name) + " is a text");
  return {static_cast<const char*>(option.data), static_cast<std::size_t>(option.count)};
}

void read_option(const libenv_option& option, VectorOptions& options) {
  const std::string_view name = option.name;
  if (name == "env_name") {
    options.games = parse_games(text_of(option));
  } else if (name == "num_levels") {
    options.levels = integer(option);
  } else if (name == "start_level") {
    options.first_level = integer(option);
  } else if (name == "rand_seed") {
    options.seed = integer(option);
  } else if (name == "num_threads") {
    options.threads = integer(option);
  } else if (name == "distribution_mode") {
    options.mode = integer(option) == 0 ? Mode::easy : Mode::hard;
  } else if (name == "frame_size") {
    options.frame_size = integer(option);
  } else {
    throw std::invalid_argument("there is no option " + std::string(name));
  }
}

VectorOptions read_options(int size, const libenv_options& given) {
  VectorOptions options;
  for (int i = 0; i < given.count; ++i) read_option(given.items[i], options);
  const bool sizes_fit = options.frame_size == 16 || options.frame_size == 32 || options.frame_size == 64;
  const bool counts_fit = size > 0 && static_cast<std::size_t>(size) % options.games.size() == 0 &&
                          options.threads >= 0 && options.levels >= 0 && options.first_level >= 0;
  if (!sizes_fit || !counts_fit) throw std::invalid_argument("a number is out of range");
  return options;
}

libenv_tensortype tensor(const char* name, libenv_dtype dtype, std::int32_t high) {
  libenv_tensortype type{};
  std::string_view(name).copy(type.name, LIBENV_NAME_BYTES - 1);
  type.scalar_type = LIBENV_DISCRETE;
  type.dtype = dtype;
  if (dtype == LIBENV_UINT8) {
    type.high.uint8 = static_cast<std::uint8_t>(high);
  } else {
    type.high.int32 = high;
  }
  return type;
}

std::vector<libenv_tensortype> tensors_of(const GameVector& games, libenv_space space) {
  if (space == LIBENV_ACTION) {
    return {tensor("action", LIBENV_INT32, static_cast<std::int32_t>(action_names.size()) - 1)};
  }
  if (space == LIBENV_INFO) {
    return {tensor("level_seed", LIBENV_INT32, INT32_MAX), tensor("prev_level_seed", LIBENV_INT32, INT32_MAX),
            tensor("prev_level_complete", LIBENV_UINT8, 1)};
  }
  libenv_tensortype frame = tensor("rgb", LIBENV_UINT8, 255);
  frame.ndim = 3;
  frame.shape[0] = frame.shape[1] = games.frame_size();
  frame.shape[2] = 3;
  return {frame};
}

}  // namespace
}  // namespace srwm::games

using namespace srwm::games;  // NOLINT(google-build-using-namespace): what follows has to be outside

SRWM_EXPORT int libenv_version() {
  return LIBENV_CURRENT_VERSION;
}

SRWM_EXPORT const char* libenv_describe() {
  static const std::string text = describe();
  return text.c_str();
}

SRWM_EXPORT libenv_env* libenv_make(int num, const libenv_options options) {
  try {
    return reinterpret_cast<libenv_env*>(new GameVector(num, read_options(num, options)));
  } catch (const std::exception& error) {
    std::fprintf(stderr, "games: %s\n", error.what());
    return nullptr;
  }
}

SRWM_EXPORT int libenv_get_tensortypes(libenv_env* env, libenv_space space, libenv_tensortype* types) {
  const std::vector<libenv_tensortype> all = tensors_of(vector_of(env), space);
  if (types != nullptr) std::ranges::copy(all, types);
  return static_cast<int>(all.size());
}

SRWM_EXPORT void libenv_set_buffers(libenv_env* env, libenv_buffers* buffers) {
  vector_of(env).set_buffers(*buffers);
}

SRWM_EXPORT void libenv_observe(libenv_env* env) {
  vector_of(env).observe();
}

SRWM_EXPORT void libenv_act(libenv_env* env) {
  vector_of(env).act();
}

SRWM_EXPORT void libenv_close(libenv_env* env) {
  delete &vector_of(env);
}

SRWM_EXPORT int get_state(libenv_env* env, int index, char* data, int length) {
  const std::vector<std::int32_t> numbers = vector_of(env).save(index);
  const auto bytes = static_cast<int>(numbers.size() * sizeof(numbers[0]));
  if (bytes > length) return 0;
  std::memcpy(data, numbers.data(), static_cast<std::size_t>(bytes));
  return bytes;
}

SRWM_EXPORT void set_state(libenv_env* env, int index, char* data, int length) {
  std::vector<std::int32_t> numbers(static_cast<std::size_t>(length) / sizeof(std::int32_t));
  std::memcpy(numbers.data(), data, numbers.size() * sizeof(numbers[0]));
  if (!vector_of(env).load(index, numbers)) {
    std::fprintf(stderr, "games: this state belongs to other environments\n");
    std::exit(1);  // the interface knows no other way
  }
}
