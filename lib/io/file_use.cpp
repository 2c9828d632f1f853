#include "io/file_use.h"

#include <algorithm>
#include <cerrno>
#include <mutex>
#include <string>
#include <vector>

#include <sys/stat.h>
#include <unistd.h>

#include "core/error.h"
#include "io/file.h"

namespace srwm {
namespace {

struct FileId {
  dev_t device;
  ino_t inode;
  bool operator==(const FileId&) const = default;
};

struct Input {
  FileId id;
  std::filesystem::path path;
};

struct Output {
  std::filesystem::path path;  ///< empty: standard output
  std::string option;
  std::optional<FileId> open = {};  ///< of standard output
  bool is_folder = false;
};

struct FileUse {
  std::mutex mutex;
  std::vector<Input> inputs;
  std::vector<Output> outputs;
};

FileUse& file_use() {
  static FileUse use;
  return use;
}

/// Of a regular file or folder; devices and pipes may be read and written at once.
std::optional<FileId> id_of(const struct stat& status) {
  if (!S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode)) return std::nullopt;
  return FileId{status.st_dev, status.st_ino};
}

std::optional<FileId> id_of(const std::filesystem::path& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 ? id_of(status) : std::nullopt;
}

/// Whether the input is still the file that was read: the number of one that was deleted or replaced is soon another's.
bool is_current(const Input& input) {
  return id_of(input.path) == input.id;
}

/// The files that writing the output replaces: itself, and what has the name of its temporary file.
std::vector<FileId> ids_of(const Output& output) {
  if (output.open) return {*output.open};
  std::vector<FileId> ids;
  for (const std::filesystem::path& path : {output.path, std::filesystem::path(output.path.string() + ".tmp")}) {
    if (const std::optional<FileId> id = id_of(path)) ids.push_back(*id);
  }
  return ids;
}

std::filesystem::path spelled_out(const std::filesystem::path& path) {
  std::error_code error;
  std::filesystem::path full = std::filesystem::weakly_canonical(std::filesystem::absolute(path, error), error);
  return error ? path : full;
}

/// A file in a folder for pictures that has the name of one.
bool is_picture_in(const std::filesystem::path& file, const std::filesystem::path& folder) {
  const std::filesystem::path extension = file.extension();
  if (extension != ".png" && extension != ".mp4") return false;
  const std::filesystem::path inner = spelled_out(file), outer = spelled_out(folder);
  return std::mismatch(outer.begin(), outer.end(), inner.begin(), inner.end()).first == outer.end();
}

bool replaces(const Output& output, const Input& input) {
  const std::vector<FileId> ids = ids_of(output);
  const bool is_found = std::ranges::find(ids, input.id) != ids.end();
  return (is_found || (output.is_folder && is_picture_in(input.path, output.path))) && is_current(input);
}

[[noreturn]] void refuse(const Output& output, const std::filesystem::path& input) {
  if (output.open) {
    throw UsageError("Standard output goes to the file {}, which this command reads. Choose another file.",
                     input.string());
  }
  throw UsageError("{} {}: this command reads that file{}, and would overwrite it. Choose another {}.", output.option,
                   output.path.string(), input == output.path ? "" : fmt::format(" (as {})", input.string()),
                   output.option);
}

bool are_one(const Output& a, const Output& b) {
  if (a.open || b.open) {
    const std::vector<FileId> of_b = ids_of(b);
    return std::ranges::any_of(ids_of(a), [&](const FileId& id) { return std::ranges::find(of_b, id) != of_b.end(); });
  }
  const std::optional<FileId> id = id_of(a.path);
  return id ? id == id_of(b.path) : spelled_out(a.path) == spelled_out(b.path);
}

void add_output(FileUse& use, Output output) {
  std::erase_if(use.outputs, [&](const Output& other) { return other.option == output.option; });
  for (const Input& input : use.inputs) {
    if (replaces(output, input)) refuse(output, input.path);
  }
  for (const Output& other : use.outputs) {
    if (!are_one(output, other)) continue;
    throw UsageError("{} {} is the file that {} writes as well. Choose another {}.", output.option,
                     output.path.string(), other.option, output.option);
  }
  use.outputs.push_back(std::move(output));
}

std::filesystem::path holding_folder(const std::filesystem::path& path) {
  return path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
}

}  // namespace

void note_input(const std::filesystem::path& path) {
  const std::optional<FileId> id = id_of(path);
  if (!id) return;  // whoever reads it will say why it cannot
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  for (const Output& output : use.outputs) {
    if (replaces(output, {*id, path})) refuse(output, path);
  }
  std::erase_if(use.inputs, [&](const Input& input) { return input.id == *id && !is_current(input); });
  if (std::ranges::find(use.inputs, *id, &Input::id) == use.inputs.end()) use.inputs.push_back({*id, path});
}

void plan_output(const std::filesystem::path& path, std::string_view option) {
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  add_output(use, {path, std::string(option)});
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && S_ISDIR(status.st_mode)) fail_to_write(path, EISDIR);
  if (::stat(holding_folder(path).c_str(), &status) != 0) fail_to_write(path, errno);
  if (!S_ISDIR(status.st_mode)) fail_to_write(path, ENOTDIR);
}

void plan_output_folder(const std::filesystem::path& path, std::string_view option) {
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  add_output(use, {path, std::string(option), {}, /*is_folder=*/true});
  struct stat status {};
  if (::stat(path.c_str(), &status) == 0 && !S_ISDIR(status.st_mode)) {
    throw WriteError("Cannot create the folder {}: {}.", path.string(), explain_errno(ENOTDIR));
  }
}

void plan_standard_output() {
  struct stat status {};
  if (::fstat(STDOUT_FILENO, &status) != 0 || !S_ISREG(status.st_mode)) return;
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  add_output(use, {{}, "standard output", id_of(status)});
}

void output_is_written(const std::filesystem::path& path) {
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  std::erase_if(use.outputs, [&](const Output& output) { return !output.open && output.path == path; });
}

std::optional<std::filesystem::path> first_input_among(std::span<const std::filesystem::path> paths) {
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  for (const std::filesystem::path& path : paths) {
    const std::optional<FileId> id = id_of(path);
    for (const Input& input : use.inputs) {
      if (id == input.id && is_current(input)) return input.path;
    }
  }
  return std::nullopt;
}

void forget_file_use() {
  FileUse& use = file_use();
  const std::lock_guard lock(use.mutex);
  use.inputs.clear();
  use.outputs.clear();
}

}  // namespace srwm
