// A disk that is soon full.
#pragma once

#include <cerrno>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>
#include <sys/mount.h>

#include "support/temp_dir.h"

namespace srwm {

/// A file system in memory of the given size, mounted on a folder of its own. Needs the right to mount.
class SmallDisk {
 public:
  explicit SmallDisk(std::size_t kilobytes) {
    const std::string options = fmt::format("size={}k", kilobytes);
    if (::mount("tmpfs", folder_.path().c_str(), "tmpfs", 0, options.c_str()) != 0) error_ = errno;
  }
  SmallDisk(const SmallDisk&) = delete;
  SmallDisk& operator=(const SmallDisk&) = delete;
  ~SmallDisk() {
    if (mounted()) ::umount2(folder_.path().c_str(), MNT_DETACH);
  }

  bool mounted() const { return error_ == 0; }
  std::string why_not() const { return std::system_category().message(error_); }
  const std::filesystem::path& path() const { return folder_.path(); }

 private:
  TempDir folder_;
  int error_ = 0;
};

}  // namespace srwm
