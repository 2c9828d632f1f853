// A thin RAII layer over the HDF5 C interface: what datasets, checkpoints, episodes and predictions need, no more.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <mutex>
#include <span>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace srwm::hdf5 {

/// Version of the HDF5 library in use, "1.10.8".
std::string library_version();

/// One open file. Objects are named by absolute paths ("/train/images"); groups are created on the way. All reads check
/// existence, type and rank first; every failure is a DataError naming the file, the object, what was expected and what
/// was found. HDF5's own error printing is off. The HDF5 library serves one thread at a time: while a thread has a file
/// open, other threads wait at open() and in_memory(). A file is closed by the thread that opened it.
class File {
 public:
  /// Opens for reading. Distinguishes: no such file, not HDF5 (an HTML page, say), truncated, no permission.
  static File open(const std::filesystem::path& path);
  /// What `image` gives of a file that was opened as `path`, for errors. InternalError if it is no such image.
  static File of_image(std::span<const std::byte> image, const std::filesystem::path& path);
  /// A file that exists only in memory; `image()` gives its bytes. No time stamps: equal contents give equal bytes.
  static File in_memory();

  File(File&& other) noexcept;
  File& operator=(File&& other) noexcept;
  ~File();

  const std::filesystem::path& path() const { return path_; }

  bool has(const std::string& object) const;
  bool is_group(const std::string& object) const;
  bool holds_strings(const std::string& dataset) const;
  /// Names of the children of a group in the order of their creation where recorded, else by name.
  std::vector<std::string> children(const std::string& group) const;
  /// Absolute paths of all datasets below a group, sorted.
  std::vector<std::string> datasets_below(const std::string& group) const;
  Shape shape(const std::string& dataset) const;
  DType dtype(const std::string& dataset) const;

  /// Whole dataset as a host tensor: u8, i32, f32 and f64 as stored; integers of other sizes become i32 and are refused
  /// where a value does not fit.
  Tensor read(const std::string& dataset) const;
  /// Rows [begin, end) along the first axis.
  Tensor read_rows(const std::string& dataset, std::int64_t begin, std::int64_t end) const;
  /// A whole dataset of u8 whose elements stay in the file and must not be written: the system reads pages when they
  /// are used and takes them back when memory is short, as long as the tensor lives. Absent where the elements do not
  /// lie in this file as they are in memory (in chunks, compressed, in other files).
  Tensor map(const std::string& dataset) const;
  std::vector<std::string> read_strings(const std::string& dataset) const;
  /// Whether the elements are signed 64-bit integers, which no tensor holds.
  bool holds_int64(const std::string& dataset) const;
  /// All elements of a one-dimensional dataset of integers.
  std::vector<std::int64_t> read_integers(const std::string& dataset) const;
  /// None of these replaces a dataset that is there.
  void write(const std::string& dataset, const Tensor& host_tensor);
  void write_integers(const std::string& dataset, const std::vector<std::int64_t>& values);
  void write_strings(const std::string& dataset, const std::vector<std::string>& values);

  /// Names of the attributes of an object, sorted.
  std::vector<std::string> attributes(const std::string& object) const;
  /// The first line of a string, or numbers separated by blanks; for people.
  std::string attribute_text(const std::string& object, const std::string& name) const;
  bool has_attribute(const std::string& object, const std::string& name) const;
  std::string string_attribute(const std::string& object, const std::string& name) const;
  std::int64_t int_attribute(const std::string& object, const std::string& name) const;
  std::vector<double> real_attribute(const std::string& object, const std::string& name) const;  ///< scalar or 1-d
  /// Sets or replaces an attribute; an object that is not there is made a group. At most 60 KB: longer texts are
  /// datasets of strings.
  void set_attribute(const std::string& object, const std::string& name, const std::string& value);
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value);
  void set_attribute(const std::string& object, const std::string& name, const std::vector<double>& values);

  /// Bytes of an in-memory file, complete and flushed.
  std::vector<std::byte> image() const;

 private:
  using Lock = std::unique_lock<std::recursive_mutex>;
  static Lock lock_library();
  File(Lock lock, std::int64_t handle, std::filesystem::path path);
  Lock lock_;
  std::int64_t handle_ = -1;
  std::filesystem::path path_;
};

/// What every file of ours says about itself: root attributes `srwm_format` ("classes", "episodes", "checkpoint",
/// "predictions"), `format_version`, `generator`.
void write_introduction(File& file, const std::string& format, std::int64_t version, const std::string& generator);
/// Checks the introduction and returns the version; DataError if the format differs or the version is newer than
/// `newest` (then says which srwm version reads it, as far as the file tells).
std::int64_t expect_format(const File& file, const std::string& format, std::int64_t newest);

}  // namespace srwm::hdf5
