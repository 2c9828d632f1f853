#include "io/append_file.h"

#include <cerrno>

#include <fcntl.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"

namespace srwm {

AppendFile::AppendFile(std::filesystem::path path, std::int64_t keep_bytes)
    : path_(std::move(path)),
      file_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666)),
      size_(keep_bytes) {
  if (!file_.valid()) fail_to_write(path_, errno);
  const off_t present = ::lseek(file_.get(), 0, SEEK_END);
  if (present < 0) fail_to_write(path_, errno);
  SRWM_CHECK(present >= keep_bytes, "{} has {} bytes, {} were to be kept", path_.string(), present, keep_bytes);
  if (present > keep_bytes && ::ftruncate(file_.get(), keep_bytes) != 0) fail_to_write(path_, errno);
}

void AppendFile::append(std::string_view bytes) {
  if (const int error = write_all(file_.get(), bytes); error != 0) {
    // Part of the record may have found room. Should cutting it off fail too, opening for a resume does it.
    static_cast<void>(!::ftruncate(file_.get(), size_));
    fail_to_write(path_, error);
  }
  size_ += static_cast<std::int64_t>(bytes.size());
}

void AppendFile::sync() {
  if (::fsync(file_.get()) != 0) fail_to_write(path_, errno);
}

}  // namespace srwm
