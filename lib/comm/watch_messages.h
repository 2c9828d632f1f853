// What the processes of a run tell each other besides the bytes of exchanges. All fields have fixed sizes: a message is
// sent as it lies in memory, between processes of one build.
#pragma once

#include <array>
#include <cstdint>

namespace srwm {

/// What a process says of itself at the start.
struct ProcessIntroduction {
  std::array<char, 256> host{};
  std::array<char, 256> place{};
  std::int64_t pid = 0;
};

/// What threads that watch tell each other.
struct WatchMessage {
  enum class Kind : std::int32_t {
    alive,   ///< a sign of life
    stop,    ///< text: why
    failed,  ///< to rank 0: this rank ends with `code`, text: its sentence
    lost,    ///< to rank 0: it is rank `code` that is missed; text: "is gone"
    end      ///< from the one who has said why: end with `code`
  };
  Kind kind = Kind::alive;
  std::int32_t code = 0;
  std::int64_t step = 0;
  double seconds = 0;  ///< since the phase began
  std::array<char, 48> phase{};
  std::array<char, 1600> text{};
};

}  // namespace srwm
