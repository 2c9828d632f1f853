// Episodes to look at: frames as PNG files, and as MP4 where ffmpeg is installed.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "tasks/rl/env_group.h"

namespace srwm {

/// Writes what the first environment of each game shows, for its first `episodes` episodes, to
/// <folder>/<game>/00000.png, ..., in place of the pictures of an earlier time. WriteError if that cannot be done.
class VideoWriter {
 public:
  VideoWriter(const std::filesystem::path& folder, std::vector<std::string> games, std::int64_t episodes);

  /// After every step.
  void watch(const EnvGroup& group);
  /// Makes <folder>/<game>.mp4 of each game's frames, with the program ffmpeg. If that is not to be had or fails: a
  /// sentence that says so; else nothing.
  std::string make_films() const;

 private:
  struct Scene {
    std::string game;
    std::int64_t frames = 0, episodes_left = 0;
  };
  std::filesystem::path folder_;
  std::vector<Scene> scenes_;
  bool begun_ = false;
};

}  // namespace srwm
