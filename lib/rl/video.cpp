#include "rl/video.h"

#include <utility>

#include <fmt/format.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/png.h"

namespace srwm {
namespace {

/// Runs a program to its end; whether it was there and succeeded. Spawned, not forked: libraries of environments have
/// threads.
bool run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ) != 0) return false;
  int status = 0;
  return ::waitpid(child, &status, 0) == child && WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

}  // namespace

VideoWriter::VideoWriter(const std::filesystem::path& folder, std::vector<std::string> games, std::int64_t episodes)
    : folder_(folder) {
  for (std::string& game : games) {
    make_directories(folder_ / game);
    scenes_.push_back({std::move(game), 0, episodes});
  }
}

void VideoWriter::watch(const EnvGroup& group) {
  const EnvMemory& shown = group.on_host();
  const FrameShape frame = group.frame();
  for (std::size_t n = 0; n < scenes_.size(); ++n) {
    Scene& scene = scenes_[n];
    const bool ended = begun_ && shown.first.span<std::uint8_t>()[n] != 0;
    if (ended && scene.episodes_left > 0) --scene.episodes_left;
    if (scene.episodes_left == 0) continue;
    const auto row = static_cast<std::int64_t>(n);
    write_png(shown.frames.rows(row, row + 1).reshaped({frame.height, frame.width, frame.channels}),
              folder_ / scene.game / fmt::format("{:05}.png", scene.frames++));
  }
  begun_ = true;
}

int VideoWriter::make_films() const {
  int films = 0;
  for (const Scene& scene : scenes_) {
    films += static_cast<int>(run_program(
        {"ffmpeg", "-loglevel", "error", "-y", "-framerate", "15", "-i", (folder_ / scene.game / "%05d.png").string(),
         "-vf", "scale=512:-2:flags=neighbor", "-pix_fmt", "yuv420p", (folder_ / (scene.game + ".mp4")).string()}));
  }
  return films;
}

}  // namespace srwm
