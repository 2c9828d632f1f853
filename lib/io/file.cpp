#include "io/file.h"

#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file_descriptor.h"
#include "io/file_use.h"

namespace srwm {
namespace {

constexpr auto words_of_errno = std::to_array<std::pair<int, std::string_view>>({
    {ENOSPC, "the disk is full"},
    {EDQUOT, "the disk quota is used up"},
    {EFBIG, "the file would be larger than allowed (see ulimit -f)"},
    {EACCES, "permission denied"},
    {EPERM, "permission denied"},
    {EROFS, "the file system is read-only"},
    {ENOENT, "no such file or folder"},
    {ENOTDIR, "a part of the path is a file, not a folder"},
    {EISDIR, "it is a folder"},
    {EEXIST, "something of this name is already there"},
    {ENOTEMPTY, "a folder of this name is already there"},
    {ENAMETOOLONG, "the name is too long"},
    {ELOOP, "the path goes in circles through symbolic links"},
    {EMFILE, "this process has too many files open (see ulimit -n)"},
    {ENFILE, "the machine has too many files open"},
    {ENOMEM, "out of memory"},
    {EIO, "the disk reports an input/output error"},
    {ESTALE, "the network file system has lost the file"},
    {ETIMEDOUT, "the network file system does not answer"},
    {ENOTCONN, "the file system is no longer connected"},
    {ECONNABORTED, "the file system is no longer connected"},
    {EHOSTDOWN, "the network file system does not answer"},
    {EBUSY, "it is in use by the system"},
    {ETXTBSY, "it is a program that is running"},
});

enum class Flush { no, yes };

/// Creates the file and writes it; returns 0 or the error number.
int write_new(const std::filesystem::path& path, std::string_view bytes, Flush flush) {
  FileDescriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666));
  if (!file.valid()) return errno;
  if (const int error = write_all(file.get(), bytes); error != 0) return error;
  if (flush == Flush::yes && ::fsync(file.get()) != 0) return errno;
  return file.close();
}

/// Makes a rename in this folder survive a power failure; returns 0 or the error number.
int flush_folder(const std::filesystem::path& folder) {
  const FileDescriptor descriptor(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!descriptor.valid()) return errno;
  if (::fsync(descriptor.get()) == 0) return 0;
  // Some file systems cannot flush a folder and say so: nothing more can be done there.
  return errno == EINVAL || errno == ENOTSUP ? 0 : errno;
}

std::filesystem::path folder_of(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

/// By way of a temporary file.
void replace(const std::filesystem::path& path, std::string_view bytes, Flush flush) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  int error = write_new(temporary, bytes, flush);
  if (error == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) error = errno;
  if (error != 0) {
    ::unlink(temporary.c_str());
    fail_to_write(path, error);
  }
  error = flush == Flush::yes ? flush_folder(folder_of(path)) : 0;
  if (error != 0) fail_to_write(path, error);
  output_is_written(path);
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

void write_file_atomically(const std::filesystem::path& path, std::string_view text) {
  replace(path, text, Flush::yes);
}

void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  replace(path, as_text(bytes), Flush::yes);
}

void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes) {
  replace(path, as_text(bytes), Flush::no);
}

bool replace_by_link(const std::filesystem::path& existing, const std::filesystem::path& path) {
  const std::filesystem::path temporary = path.string() + ".tmp";
  ::unlink(temporary.c_str());  // left by a kill
  if (::link(existing.c_str(), temporary.c_str()) != 0) return false;
  const int error = ::rename(temporary.c_str(), path.c_str()) == 0 ? flush_folder(folder_of(path)) : errno;
  // Renaming one name of a file to another name of it does nothing, not even remove the first.
  ::unlink(temporary.c_str());
  if (error != 0) fail_to_write(path, error);
  return true;
}

bool is_there(const std::filesystem::path& path) {
  std::error_code error;
  const bool found = std::filesystem::exists(path, error);  // an error is anything but absence
  if (error) throw DataError("Cannot look for {}: {}.", path.string(), explain_errno(error.value()));
  return found;
}

std::string read_text_file(const std::filesystem::path& path) {
  note_input(path);
  const auto fail = [&](int error) { throw DataError("Cannot read {}: {}.", path.string(), explain_errno(error)); };
  const FileDescriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file.valid()) fail(errno);
  std::string text;
  std::array<char, 65536> buffer;
  for (;;) {
    const ssize_t count = ::read(file.get(), buffer.data(), buffer.size());
    if (count == 0) return text;
    if (count > 0) {
      text.append(buffer.data(), static_cast<std::size_t>(count));
    } else if (errno != EINTR) {
      fail(errno);
    }
  }
}

void make_directories(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (!error && !std::filesystem::is_directory(path, error) && !error) error.assign(ENOTDIR, std::system_category());
  if (error) throw WriteError("Cannot create the folder {}: {}.", path.string(), explain_errno(error.value()));
}

void fail_to_write(const std::filesystem::path& path, int error) {
  throw WriteError("Cannot write {}: {}.", path.string(), explain_errno(error));
}

std::string explain_errno(int error) {
  for (const auto& [number, words] : words_of_errno) {
    if (number == error) return std::string(words);
  }
  return fmt::format("the system says '{}' (error {})", std::system_category().message(error), error);
}

}  // namespace srwm
