#include "tasks/rl/video.h"

#include <cerrno>
#include <optional>
#include <system_error>
#include <utility>

#include <fmt/core.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "io/file.h"
#include "io/png.h"

namespace srwm {
namespace {

/// Runs a program to its end: its exit code, none if it cannot be started. Spawned, not forked: libraries of
/// environments have threads.
std::optional<int> run_program(std::vector<std::string> words) {
  std::vector<char*> arguments;
  for (std::string& word : words) arguments.push_back(word.data());
  arguments.push_back(nullptr);
  pid_t child = 0;
  if (::posix_spawnp(&child, arguments.front(), nullptr, nullptr, arguments.data(), environ) != 0) return std::nullopt;
  int status = 0;
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/// A path in the words of ffmpeg, to which a colon may end a protocol.
std::string ffmpeg_file(const std::filesystem::path& path) {
  return "file:" + path.string();
}

/// The same of the frames in a folder, where ffmpeg takes every % for the start of a number.
std::string ffmpeg_frames(const std::filesystem::path& folder) {
  std::string name = ffmpeg_file(folder);
  for (std::size_t i = name.find('%'); i != std::string::npos; i = name.find('%', i + 2)) name.insert(i, "%");
  return name + "/%05d.png";
}

std::string frame_name(std::int64_t number) {
  return fmt::format("{:05}.png", number);
}

/// Removes the frames that another VideoWriter left.
void clear_frames(const std::filesystem::path& folder) {
  std::error_code none;
  for (std::int64_t number = 0; std::filesystem::remove(folder / frame_name(number), none); ++number) {
  }
}

}  // namespace

VideoWriter::VideoWriter(const std::filesystem::path& folder, std::vector<std::string> games, std::int64_t episodes)
    : folder_(folder) {
  for (std::string& game : games) {
    make_directories(folder_ / game);
    clear_frames(folder_ / game);
    scenes_.push_back({std::move(game), 0, episodes});
  }
}

void VideoWriter::watch(const EnvGroup& group) {
  const EnvMemory& shown = group.on_host();
  const FrameShape frame = group.frame();
  for (std::size_t n = 0; n < scenes_.size(); ++n) {
    Scene& scene = scenes_[n];
    const bool ended = begun_ && shown.is_first.span<std::uint8_t>()[n] != 0;
    if (ended && scene.episodes_left > 0) --scene.episodes_left;
    if (scene.episodes_left == 0) continue;
    const auto row = static_cast<std::int64_t>(n);
    write_png(shown.frames.rows(row, row + 1).reshaped({frame.height, frame.width, frame.channels}),
              folder_ / scene.game / frame_name(scene.frames++));
  }
  begun_ = true;
}

std::string VideoWriter::make_films() const {
  for (const Scene& scene : scenes_) {
    const std::filesystem::path film = folder_ / (scene.game + ".mp4");
    const std::optional<int> code =
        run_program({"ffmpeg", "-nostdin", "-loglevel", "error", "-y", "-framerate", "15", "-i",
                     ffmpeg_frames(folder_ / scene.game), "-vf", "scale=512:-2:flags=neighbor", "-pix_fmt", "yuv420p",
                     ffmpeg_file(film)});
    if (!code) {
      return "Only PNG files were written, no MP4: the program ffmpeg is not there (Debian and Ubuntu: apt-get install "
             "ffmpeg).";
    }
    if (*code != 0) {
      return fmt::format("ffmpeg made no whole {} (exit code {}); what it printed says why. The PNG files are written.",
                         film.string(), *code);
    }
  }
  return {};
}

}  // namespace srwm
