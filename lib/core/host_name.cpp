#include "core/host_name.h"

#include <array>

#include <unistd.h>

namespace srwm {

std::string host_name() {
  std::array<char, 256> name{};
  if (::gethostname(name.data(), name.size() - 1) != 0) return "unknown";
  return name.data();
}

}  // namespace srwm
