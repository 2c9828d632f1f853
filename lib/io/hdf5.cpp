#include "io/hdf5.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

#include "core/version.h"
#include "io/file.h"
#include "io/file_use.h"
#include "io/hdf5_handle.h"

namespace srwm::hdf5 {
namespace {

constexpr std::size_t start_bytes = 64;
constexpr std::string_view signature = "\x89HDF\r\n\x1a\n";

/// The first bytes of a file; DataError if it cannot be opened or is a folder.
std::string read_start(const std::filesystem::path& path) {
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {
    throw DataError("{} is a folder, not an HDF5 file.", path.string());
  }
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr && errno == ENOENT) throw DataError("There is no file {}.", path.string());
  if (file == nullptr) throw DataError("{} cannot be opened: {}.", path.string(), explain_errno(errno));
  std::string start(start_bytes, '\0');
  start.resize(std::fread(start.data(), 1, start.size(), file.get()));
  if (std::ferror(file.get()) != 0) throw DataError("{} cannot be read: {}.", path.string(), explain_errno(errno));
  return start;
}

/// The size of a file that is read from start to end for it: DataError where the disk fails.
std::uint64_t readable_bytes(const std::filesystem::path& path) {
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "rb"), std::fclose);
  if (file == nullptr) throw DataError("{} cannot be opened: {}.", path.string(), explain_errno(errno));
  std::vector<char> piece(std::size_t{1} << 16);
  std::uint64_t total = 0;
  for (std::size_t got = 1; got > 0; total += got) got = std::fread(piece.data(), 1, piece.size(), file.get());
  if (std::ferror(file.get()) != 0) throw DataError("{} cannot be read: {}.", path.string(), explain_errno(errno));
  return total;
}

/// What a file that is not HDF5 looks like, as the end of a sentence.
std::string describe_start(const std::string& start) {
  if (start.empty()) return "it is empty";
  const bool text = std::all_of(start.begin(), start.end(),
                                [](unsigned char c) { return c >= 0x20 || c == '\n' || c == '\r' || c == '\t'; });
  if (!text) {
    std::string bytes;
    for (unsigned char c : start.substr(0, 8)) bytes += fmt::format(" {:02x}", c);
    return fmt::format("it starts with the bytes{}{}", bytes, start.starts_with("PK") ? ": a zip archive" : "");
  }
  const std::string line = start.substr(0, std::min(start.find_first_of("\r\n"), std::size_t{40}));
  std::string meaning;
  if (start.starts_with('<')) meaning = ": probably a web page saved instead of the file; download it again";
  if (start.starts_with("version https://git-lfs"))
    meaning = ": a Git LFS pointer; fetch the file itself with 'git lfs pull'";
  return fmt::format("it starts with '{}'{}", line, meaning);
}

/// The length that the superblock of an HDF5 file promises; 0 if it cannot be told.
std::uint64_t promised_bytes(const std::string& start) {
  const int version = start.size() < start_bytes ? -1 : start[8];
  const std::size_t offset = version == 0 ? 40 : version == 1 ? 44 : version == 2 || version == 3 ? 28 : 0;
  std::uint64_t bytes = 0;
  for (std::size_t i = 8; offset != 0 && i-- > 0;) bytes = bytes << 8 | static_cast<unsigned char>(start[offset + i]);
  return bytes;
}

/// HDF5 refuses a second open file of the same name, be it in memory.
std::string name_in_memory() {
  static std::atomic<unsigned> files = 0;
  return fmt::format("memory {}", files++);
}

[[noreturn]] void throw_damaged(const std::filesystem::path& path, const std::string& start) {
  // What the disk cannot read is not damaged: reading says so, and why.
  const std::uint64_t promised = promised_bytes(start), found = readable_bytes(path);
  if (found < promised) {
    throw DataError("{} is truncated: it should have {} bytes and has {}. Copy, download or make it again.",
                    path.string(), promised, found);
  }
  throw DataError("{} starts as an HDF5 file but cannot be read: it is damaged, or made by a newer HDF5 than {}.",
                  path.string(), library_version());
}

template <typename Collect>
herr_t collect_link(hid_t, const char* name, const H5L_info_t*, void* collect) {
  (*static_cast<Collect*>(collect))(name);
  return 0;
}

}  // namespace

std::vector<std::string> path_prefixes(const std::string& object) {
  SRWM_CHECK(!object.empty() && object[0] == '/', "'{}' is not an absolute path", object);
  std::vector<std::string> result;
  for (std::size_t slash = object.find('/', 1); slash != std::string::npos; slash = object.find('/', slash + 1)) {
    result.push_back(object.substr(0, slash));
  }
  if (object.size() > 1) result.push_back(object);
  return result;
}

void make_groups(hid_t file, const std::string& path) {
  const Handle creation(H5Pcreate(H5P_GROUP_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  for (const std::string& prefix : path_prefixes(path)) {
    if (H5Lexists(file, prefix.c_str(), H5P_DEFAULT) > 0) continue;
    const Handle group(H5Gcreate2(file, prefix.c_str(), H5P_DEFAULT, creation.get(), H5P_DEFAULT), H5Gclose);
    SRWM_CHECK(group.ok(), "the group {} cannot be made", prefix);
  }
}

std::string library_version() {
  unsigned major = 0, minor = 0, release = 0;
  H5get_libversion(&major, &minor, &release);
  return loaded_version(fmt::format("{}.{}.{}", major, minor, release),
                        fmt::format("{}.{}.{}", H5_VERS_MAJOR, H5_VERS_MINOR, H5_VERS_RELEASE));
}

File::Lock File::lock_library() {
  static std::recursive_mutex mutex;
  Lock lock(mutex);
  // At exit HDF5 would clean up, and does so by SIGSEGV if the disk had failed to close a file. Ours are closed by
  // then.
  [[maybe_unused]] static const herr_t stays = H5dont_atexit();
  return lock;
}

File::File(Lock lock, std::int64_t handle, std::filesystem::path path)
    : lock_(std::move(lock)), handle_(handle), path_(std::move(path)) {}
File::File(File&& other) noexcept
    : lock_(std::move(other.lock_)), handle_(std::exchange(other.handle_, -1)), path_(std::move(other.path_)) {}

File& File::operator=(File&& other) noexcept {
  std::swap(lock_, other.lock_);
  std::swap(handle_, other.handle_);
  std::swap(path_, other.path_);
  return *this;
}

File::~File() {
  if (handle_ >= 0) H5Fclose(handle_);
}

File File::open(const std::filesystem::path& path) {
  note_input(path);
  Lock lock = lock_library();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  const std::string start = read_start(path);
  if (!start.starts_with(signature)) {
    throw DataError("{} is not an HDF5 file: {}.", path.string(), describe_start(start));
  }
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_file_locking(access.get(), false, true);  // network file systems without locks are common on clusters
  const hid_t handle = H5Fopen(path.c_str(), H5F_ACC_RDONLY, access.get());
  if (handle < 0) throw_damaged(path, start);
  return File(std::move(lock), handle, path);
}

File File::in_memory() {
  Lock lock = lock_library();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  constexpr std::size_t grow_bytes = std::size_t{4} << 20;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), grow_bytes, false);
  H5Pset_libver_bounds(access.get(), H5F_LIBVER_EARLIEST, H5F_LIBVER_V18);
  const Handle creation(H5Pcreate(H5P_FILE_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  H5Pset_link_creation_order(creation.get(), H5P_CRT_ORDER_TRACKED | H5P_CRT_ORDER_INDEXED);
  const hid_t handle = H5Fcreate(name_in_memory().c_str(), H5F_ACC_TRUNC, creation.get(), access.get());
  SRWM_CHECK(handle >= 0, "HDF5 cannot make a file in memory");
  return File(std::move(lock), handle, "(a file in memory)");
}

File File::of_image(std::span<const std::byte> image, const std::filesystem::path& path) {
  Lock lock = lock_library();
  H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
  constexpr std::size_t grow_bytes = std::size_t{4} << 20;
  const Handle access(H5Pcreate(H5P_FILE_ACCESS), H5Pclose);
  H5Pset_fapl_core(access.get(), grow_bytes, false);
  H5Pset_file_image(access.get(), const_cast<std::byte*>(image.data()), image.size());  // copies them
  const hid_t handle = H5Fopen(name_in_memory().c_str(), H5F_ACC_RDONLY, access.get());
  SRWM_CHECK(handle >= 0, "the {} bytes of {} are no HDF5 file", image.size(), path.string());
  return File(std::move(lock), handle, path);
}

bool File::has(const std::string& object) const {
  for (const std::string& prefix : path_prefixes(object)) {
    if (H5Lexists(handle_, prefix.c_str(), H5P_DEFAULT) <= 0) return false;
    if (H5Oexists_by_name(handle_, prefix.c_str(), H5P_DEFAULT) <= 0) return false;
  }
  return true;
}

bool File::is_group(const std::string& object) const {
  const Handle opened(has(object) ? H5Oopen(handle_, object.c_str(), H5P_DEFAULT) : -1, H5Oclose);
  return opened.ok() && H5Iget_type(opened.get()) == H5I_GROUP;
}

std::vector<std::string> File::children(const std::string& group) const {
  const Handle opened(has(group) ? H5Gopen2(handle_, group.c_str(), H5P_DEFAULT) : -1, H5Gclose);
  if (!opened.ok()) throw DataError("{} has no group {}.", path_.string(), group);
  const Handle properties(H5Gget_create_plist(opened.get()), H5Pclose);
  unsigned order = 0;
  H5Pget_link_creation_order(properties.get(), &order);
  const H5_index_t index = (order & H5P_CRT_ORDER_TRACKED) != 0 ? H5_INDEX_CRT_ORDER : H5_INDEX_NAME;
  std::vector<std::string> names;
  auto collect = [&](const char* name) { names.emplace_back(name); };
  if (H5Literate(opened.get(), index, H5_ITER_INC, nullptr, collect_link<decltype(collect)>, &collect) < 0) {
    throw DataError("{}: the group {} cannot be listed: the file is damaged.", path_.string(), group);
  }
  return names;
}

std::vector<std::string> File::datasets_below(const std::string& group) const {
  const Handle opened(has(group) ? H5Gopen2(handle_, group.c_str(), H5P_DEFAULT) : -1, H5Gclose);
  if (!opened.ok()) throw DataError("{} has no group {}.", path_.string(), group);
  std::vector<std::string> names;
  auto collect = [&](const char* name) {
    const Handle object(H5Oopen(opened.get(), name, H5P_DEFAULT), H5Oclose);
    if (object.ok() && H5Iget_type(object.get()) == H5I_DATASET)
      names.push_back((group == "/" ? "" : group) + '/' + name);
  };
  if (H5Lvisit(opened.get(), H5_INDEX_NAME, H5_ITER_NATIVE, collect_link<decltype(collect)>, &collect) < 0) {
    throw DataError("{}: the group {} cannot be listed: the file is damaged.", path_.string(), group);
  }
  std::sort(names.begin(), names.end());
  return names;
}

std::vector<std::byte> File::image() const {
  SRWM_CHECK(H5Fflush(handle_, H5F_SCOPE_GLOBAL) >= 0, "HDF5 cannot flush a file in memory");
  const ssize_t size = H5Fget_file_image(handle_, nullptr, 0);
  SRWM_CHECK(size > 0, "HDF5 gives no image of {}", path_.string());
  std::vector<std::byte> bytes(static_cast<std::size_t>(size));
  SRWM_CHECK(H5Fget_file_image(handle_, bytes.data(), bytes.size()) == size, "the image changed its size");
  return bytes;
}

void write_introduction(File& file, const std::string& format, std::int64_t version, const std::string& generator) {
  file.set_attribute("/", "srwm_format", format);
  file.set_attribute("/", "format_version", version);
  file.set_attribute("/", "generator", generator);
}

std::int64_t expect_format(const File& file, const std::string& format, std::int64_t newest) {
  const std::string path = file.path().string();
  if (!file.has_attribute("/", "srwm_format")) {
    throw DataError(
        "{} is an HDF5 file but not one of srwm's: it has no root attribute srwm_format. Expected a file of "
        "format '{}'.",
        path, format);
  }
  const std::string found = file.string_attribute("/", "srwm_format");
  if (found != format)
    throw DataError("{} is a file of format '{}'; expected one of format '{}'.", path, found, format);
  const std::int64_t version = file.int_attribute("/", "format_version");
  if (version < 1) throw DataError("{}: format_version is {}; expected 1 to {}.", path, version, newest);
  if (version > newest) {
    throw DataError(
        "{} has version {} of format '{}'; this srwm reads up to version {}. Read it with the program that "
        "wrote it ({}) or a newer srwm.",
        path, version, format, newest,
        file.has_attribute("/", "generator") ? file.string_attribute("/", "generator") : "which it does not name");
  }
  return version;
}

}  // namespace srwm::hdf5
