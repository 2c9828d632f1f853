// A folder of one test's own, removed with everything in it.
#pragma once

#include <filesystem>

namespace srwm::test {

class TempFolder {
 public:
  /// Makes a new empty folder below the system's temporary folder; throws std::system_error if that fails.
  TempFolder();
  ~TempFolder();
  TempFolder(const TempFolder&) = delete;
  TempFolder& operator=(const TempFolder&) = delete;

  const std::filesystem::path& path() const { return path_; }
  std::filesystem::path operator/(const std::filesystem::path& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

}  // namespace srwm::test
