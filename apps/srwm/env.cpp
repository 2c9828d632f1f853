// srwm env: environments for reinforcement learning, to list, to measure and to look at.
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "core/error.h"
#include "core/utf8.h"
#include "data/contact_sheet.h"
#include "env/library_check.h"
#include "env/play.h"
#include "env/vector_env.h"
#include "io/file.h"
#include "io/file_use.h"
#include "io/png.h"
#include "run/host.h"
#include "srwm/commands.h"
#include "srwm/session.h"
#include "tasks/rl/library_limits.h"
#include "train/path_options.h"
#include "train/value_names.h"

namespace srwm {
namespace {

struct EnvOptions {
  std::string library = EnvLibrary::games, data_dir;
  std::vector<std::string> settings;
  EnvRequest request;
};

constexpr const char* default_out = "frames.png";

struct WatchOptions : EnvOptions {
  std::vector<std::string> actions;
  std::int64_t steps = 40, columns = 8;
  int scale = 1;
  std::string out = default_out;
};

struct BenchOptions : EnvOptions {
  double seconds = 5;
};

/// "5.00", or "-" where nothing is said of the mode.
std::string value_in(const std::vector<double>& values, std::size_t mode) {
  return mode < values.size() ? fmt::format("{:.2f}", values[mode]) : "-";
}

std::string allowed(const EnvOptionRule& rule) {
  if (!rule.choices.empty()) {
    std::vector<std::string> words;
    for (const auto& choice : rule.choices) words.push_back(choice.first);
    return fmt::format("{}", fmt::join(words, ", "));
  }
  if (std::holds_alternative<bool>(rule.fallback))
    return fmt::format("true, false (default {})", to_text(rule.fallback));
  return fmt::format("{} to {} (default {})", rule.min, rule.max, to_text(rule.fallback));
}

void print_games(const EnvDescription& description) {
  fmt::print("{:<11} {:<8} {:>6} {:>11}\n", "game", "mode", "best", "memoryless");
  for (const EnvGame& game : description.games) {
    for (std::size_t mode = 0; mode < game.modes.size(); ++mode) {
      fmt::print("{:<11} {:<8} {:>6} {:>11}{}\n", mode == 0 ? game.name : "", game.modes[mode],
                 value_in(game.best, mode), value_in(game.memoryless, mode), mode == 0 ? "  " + game.summary : "");
    }
  }
}

void list(const EnvOptions& options) {
  const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(options.library, options.data_dir);
  if (!library->describes_itself()) {
    fmt::print("{} does not describe itself: its options go to it unchecked.\n", printable(library->path().string()));
    return;
  }
  const EnvDescription& description = library->description();
  print_games(description);
  fmt::print("\nactions: {}\n\nsettings (--set NAME=VALUE):\n", fmt::join(description.actions, ", "));
  for (const EnvOptionRule& rule : description.options) {
    fmt::print("  {:<22} {}: {}\n", rule.name, rule.meaning, allowed(rule));
  }
}

/// Every game in turn, or those named; the number of environments as asked for, or one of each.
EnvRequest complete_request(const EnvOptions& options, const EnvLibrary& library) {
  EnvRequest request = options.request;
  for (const std::string& setting : options.settings) request.settings.push_back(parse_setting(setting));
  if (!library.takes_levels() && (request.levels != 0 || request.first_level != 0)) {
    throw UsageError("--levels and --first-level have no effect: {} takes no levels. Leave them out.",
                     library.path().string());
  }
  if (request.games.empty() && library.describes_itself()) request.games = {library.description().games.front().name};
  return request;
}

std::int32_t action_number(const std::string& word, const VectorEnv& env) {
  int number = -1;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), number);
  if (error == std::errc() && end == word.data() + word.size() && number >= 0 && number < env.actions()) return number;
  if (env.library().describes_itself()) {
    const std::vector<std::string>& names = env.library().description().actions;
    for (std::size_t i = 0; i < names.size(); ++i) {
      if (names[i] == word) return static_cast<std::int32_t>(i);
    }
  }
  throw UsageError("'{}' is no action; there are 0 to {}{}.", word, env.actions() - 1,
                   env.library().describes_itself()
                       ? fmt::format(": {}", fmt::join(env.library().description().actions, ", "))
                       : "");
}

/// Each pixel becomes a square.
Tensor enlarged(const Tensor& images, int scale) {
  const std::int64_t n = images.dim(0), h = images.dim(1) * scale, w = images.dim(2) * scale, c = images.dim(3);
  Tensor large = Tensor::owning({n, h, w, c}, DType::u8);
  const std::uint8_t* from = images.data<std::uint8_t>();
  std::uint8_t* to = large.data<std::uint8_t>();
  for (std::int64_t row = 0; row < n * h; ++row) {
    for (std::int64_t x = 0; x < w; ++x) {
      const std::uint8_t* pixel = from + ((row / scale) * images.dim(2) + x / scale) * c;
      to = std::copy_n(pixel, c, to);
    }
  }
  return large;
}

/// A file ending in .png gets a sheet of all frames, anything else is a folder with a file for each.
void write_frames(const Tensor& frames, const WatchOptions& options) {
  const std::filesystem::path out = options.out;
  if (out.extension() == ".png") {
    write_png(contact_sheet(frames, options.columns), out);
    return;
  }
  make_directories(out);
  for (std::int64_t i = 0; i < frames.dim(0); ++i) {
    write_png(frames.rows(i, i + 1).reshaped({frames.dim(1), frames.dim(2), frames.dim(3)}),
              out / fmt::format("{:05}.png", i));
  }
}

std::string action_word(const VectorEnv& env, std::int32_t action) {
  return env.library().describes_itself() ? env.library().description().actions.at(static_cast<std::size_t>(action))
                                          : std::to_string(action);
}

void watch(const WatchOptions& options) {
  if (options.out == default_out) plan_output(options.out, "--out");  // the option may not have been given
  const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(options.library, options.data_dir);
  EnvRequest request = complete_request(options, *library);
  request.envs = std::max<std::int32_t>(1, static_cast<std::int32_t>(request.games.size()));
  VectorEnv env(library, request);
  std::vector<std::int32_t> actions;
  for (const std::string& word : options.actions) actions.push_back(action_number(word, env));
  const EnvMemory memory(env);
  env.start(memory.buffers());
  env.observe();
  const Recording recording =
      record_play(env, memory, options.steps, actions, static_cast<std::uint64_t>(request.seed));
  write_frames(options.scale == 1 ? recording.frames : enlarged(recording.frames, options.scale), options);
  for (std::size_t step = 0; step < recording.actions.size(); ++step) {
    const bool ended = recording.ended[step];
    if (!ended && recording.rewards[step] == 0) continue;
    fmt::print("step {:>4}  {:<10} reward {:g}{}\n", step + 1, action_word(env, recording.actions[step]),
               recording.rewards[step], ended ? ", end of the episode" : "");
  }
  fmt::print("{} frames of {}x{} in {}\n", recording.frames.dim(0), env.frame().height, env.frame().width,
             printable(options.out));
}

void bench(const BenchOptions& options, bool threads_given) {
  const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(options.library, options.data_dir);
  EnvRequest request = complete_request(options, *library);
  if (!library->takes("num_threads")) {
    if (threads_given) {
      throw UsageError("--threads has no effect: {} takes no threads. Leave it out.", library->path().string());
    }
    request.threads = 0;
  }
  VectorEnv env(library, request);
  const EnvMemory memory(env);
  env.start(memory.buffers());
  env.observe();
  const PlaySummary summary = play_randomly(env, memory, options.seconds, static_cast<std::uint64_t>(request.seed));
  fmt::print("{}: {:.0f} steps/s, {} environments of {}x{}x{}, threads: {} and the caller's\n",
             fmt::join(request.games, ","), static_cast<double>(summary.steps) / summary.seconds, env.size(),
             env.frame().height, env.frame().width, env.frame().channels, request.threads);
  fmt::print("random actions: {} episodes, mean return {:.3f}, mean length {:.1f}\n", summary.episodes,
             summary.mean_return, summary.mean_length);
}

struct CheckOptions : EnvOptions {
  std::int64_t steps = 500;
};

/// Prints every check; DeviceError if one failed.
void check(const CheckOptions& options) {
  const std::shared_ptr<const EnvLibrary> library = EnvLibrary::open(options.library, options.data_dir);
  const EnvRequest request = complete_request(options, *library);
  std::int64_t failed = 0;
  for (const LibraryCheck& each : check_library(library, request, options.steps)) {
    constexpr const char* words[] = {"ok", "FAILED", "skipped"};
    fmt::print("{:<8} {}{}\n", words[static_cast<std::size_t>(each.outcome)], each.what,
               each.words.empty() ? "" : fmt::format(": {}", each.words));
    if (each.outcome == CheckOutcome::failed) ++failed;
  }
  std::fflush(stdout);
  if (failed > 0) throw DeviceError("{} broke {} of its promises.", library->path().string(), failed);
}

void add_library_options(CLI::App& command, EnvOptions& options) {
  takes_name_or_path(
      command.add_option("--library", options.library,
                         "games (built in), procgen (data_scripts/get_procgen.py), a folder it was unpacked into, or "
                         "any library with the libenv interface"),
      takes::library)
      ->capture_default_str();
  takes_path(
      command.add_option("--data-dir", options.data_dir, "Folder in which procgen is; else $SRWM_DATA, then ./data"),
      PathUse::input, takes::folder);
}

void add_game_options(CLI::App& command, EnvOptions& options) {
  add_library_options(command, options);
  EnvRequest& request = options.request;
  command.add_option("--game", request.games, "Game, or several with commas: environment n plays the n-th, in turn")
      ->type_name(takes::game)
      ->delimiter(',');
  command.add_option("--set", options.settings, "A setting of the library (repeatable); 'srwm env list' names them")
      ->type_name(takes::env_setting)
      ->allow_extra_args(false);
  command.add_option("--levels", request.levels, "Number of levels; 0: all")->capture_default_str();
  command.add_option("--first-level", request.first_level, "The first of them")->capture_default_str();
  command.add_option("--seed", request.seed, "Draws levels and what else is random")
      ->check(not_negative())
      ->capture_default_str();
}

void add_list(CLI::App& env) {
  const auto options = std::make_shared<EnvOptions>();
  CLI::App* command = env.add_subcommand("list", "Games, actions and settings of a library");
  add_library_options(*command, *options);
  command->callback([options] { list(*options); });
}

void add_bench(CLI::App& env) {
  const auto options = std::make_shared<BenchOptions>();
  CLI::App* command = env.add_subcommand("bench", "Steps per second with random actions");
  add_game_options(*command, *options);
  options->request.envs = 64;
  options->request.threads = default_threads() - 1;
  command->add_option("--envs", options->request.envs, "Environments that step together")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  const CLI::Option* threads =
      command->add_option("--threads", options->request.threads, "Of the library, beside the caller's")
          ->check(CLI::Range(0, 1024))
          ->capture_default_str();
  command->add_option("--seconds", options->seconds, "How long to measure")->check(positive())->capture_default_str();
  command->callback([options, threads] { bench(*options, threads->count() > 0); });
}

void add_watch(CLI::App& env) {
  const auto options = std::make_shared<WatchOptions>();
  CLI::App* command = env.add_subcommand("watch", "Play and write the frames as pictures");
  add_game_options(*command, *options);
  command
      ->add_option("--actions", options->actions, "Actions by name or number with commas, repeated; else random ones")
      ->type_name(takes::env_action)
      ->delimiter(',');
  command->add_option("--steps", options->steps, "Steps to play")->check(CLI::Range(1, 100000))->capture_default_str();
  command->add_option("--columns", options->columns, "Frames in a row of the sheet")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--scale", options->scale, "Pixels become squares of this side")
      ->check(CLI::Range(1, 32))
      ->capture_default_str();
  takes_path(command->add_option("--out", options->out, "FILE.png: one sheet; else a folder with a PNG for each frame"),
             PathUse::pictures, takes::png_file)
      ->capture_default_str();
  command->callback([options] { watch(*options); });
}

void add_library_check(CLI::App& env) {
  const auto options = std::make_shared<CheckOptions>();
  CLI::App* command = env.add_subcommand("check", "Drive a library through its contract, and say what is wrong");
  add_game_options(*command, *options);
  options->request.envs = 4;
  command->add_option("--envs", options->request.envs, "Environments that step together")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  command->add_option("--steps", options->steps, "Steps of random actions, each time")
      ->check(CLI::Range(10, 100000))
      ->capture_default_str();
  command->callback([options] { check(*options); });
}

}  // namespace

void add_env_command(CLI::App& app) {
  CLI::App* env = app.add_subcommand("env", "List, measure and look at environments for reinforcement learning");
  env->require_subcommand(1);
  add_list(*env);
  add_bench(*env);
  add_watch(*env);
  add_library_check(*env);
  env->footer(
      "Examples:\n"
      "  srwm env list\n"
      "  srwm env watch --game signpost --seed 3 --scale 4 --out signpost.png\n"
      "  srwm env bench --game labyrinth,melody --envs 256\n"
      "  srwm env watch --library procgen --game starpilot --set distribution_mode=hard --out frames\n"
      "  srwm env check --library ./mygame.so\n"
      "docs/environments.md describes the games, ProcGen, and how to bring a library of one's own.");
}

}  // namespace srwm
