// A file that grows by whole records.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string_view>

#include "io/file_descriptor.h"

namespace srwm {

/// Each append is one write(2), so that a kill leaves at most the last record torn; a failed append is cut off again.
/// After the constructor nothing here allocates.
class AppendFile {
 public:
  /// Opens `path`, creating it if need be, and cuts it to its first `keep_bytes` bytes. WriteError with the cause in
  /// words.
  AppendFile(std::filesystem::path path, std::int64_t keep_bytes);

  /// WriteError if the bytes do not fit on the disk; the file is then as before.
  void append(std::string_view bytes);
  /// Returns when everything is on the disk; to be called before a checkpoint that counts on it is written.
  void sync();

  std::int64_t size() const { return size_; }
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
  FileDescriptor file_;
  std::int64_t size_ = 0;
};

}  // namespace srwm
