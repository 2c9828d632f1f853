// Shared by the hdf5*.cpp files only: handles that close themselves, and what objects look like in messages.
#pragma once

#include <cstring>
#include <string>
#include <utility>
#include <vector>

#include <hdf5.h>

namespace srwm::hdf5 {

/// Owns an HDF5 identifier together with the function that closes it. Negative: the call that made it failed.
class Handle {
 public:
  using Close = herr_t (*)(hid_t);

  Handle(hid_t id, Close close) : id_(id), close_(close) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) = delete;
  ~Handle() {
    if (id_ >= 0) close_(id_);
  }

  bool ok() const { return id_ >= 0; }
  hid_t get() const { return id_; }

 private:
  hid_t id_;
  Close close_;
};

/// "u8", "64-bit integers", "strings", ...: the elements of a dataset or attribute, for messages.
std::string describe_type(hid_t type);
/// Each group above an object, then the object itself: "/a/b" gives "/a", "/a/b".
std::vector<std::string> path_prefixes(const std::string& object);
/// A string type of `size` bytes padded with zeros, UTF-8.
Handle string_type(std::size_t size);
/// Makes the group `path` and the groups above it where there are none. Groups record the order of their children and,
/// unlike those HDF5 makes by itself, no times.
void make_groups(hid_t file, const std::string& path);
/// All strings of a dataset or attribute, of fixed or variable length. `read` is called with the memory type and buffer
/// and returns a negative value on failure; then the result is false.
template <typename Read>
bool read_string_elements(hid_t type, hid_t space, const Read& read, std::vector<std::string>& values) {
  const hssize_t points = H5Sget_simple_extent_npoints(space);
  if (points < 0) return false;
  const auto count = static_cast<std::size_t>(points);
  values.assign(count, "");
  if (count == 0) return true;
  // The memory type has the file's character set: HDF5 does not convert between ASCII and UTF-8.
  const Handle memory(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_cset(memory.get(), H5Tget_cset(type));
  if (H5Tis_variable_str(type) > 0) {
    H5Tset_size(memory.get(), H5T_VARIABLE);
    std::vector<char*> pointers(count, nullptr);
    if (read(memory.get(), pointers.data()) < 0) return false;
    for (std::size_t i = 0; i < count; ++i) values[i] = pointers[i] == nullptr ? "" : pointers[i];
    H5Dvlen_reclaim(memory.get(), space, H5P_DEFAULT, pointers.data());
    return true;
  }
  const std::size_t size = H5Tget_size(type);
  H5Tset_size(memory.get(), size);
  H5Tset_strpad(memory.get(), H5T_STR_NULLPAD);
  std::vector<char> text(count * size);
  if (read(memory.get(), text.data()) < 0) return false;
  for (std::size_t i = 0; i < count; ++i) {
    const char* begin = text.data() + i * size;
    values[i] = std::string(begin, strnlen(begin, size));
  }
  return true;
}

}  // namespace srwm::hdf5
