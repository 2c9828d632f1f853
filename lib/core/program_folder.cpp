#include "core/program_folder.h"

#include <system_error>
#include <vector>

namespace srwm {
namespace {

/// The folders of a build and of an installation, which may have one more level, such as lib/x86_64-linux-gnu.
std::vector<std::filesystem::path> folders_of_program(const std::filesystem::path& program) {
  std::vector<std::filesystem::path> folders;
  for (const char* folder : {".", "../lib/srwm", "../lib64/srwm"}) folders.push_back(program.parent_path() / folder);
  std::error_code error;
  const std::filesystem::path libraries = program.parent_path().parent_path() / "lib";
  if (!std::filesystem::is_directory(libraries, error)) return folders;
  for (const auto& entry : std::filesystem::directory_iterator(libraries, error)) {
    folders.push_back(entry.path() / "srwm");
  }
  return folders;
}

}  // namespace

std::filesystem::path find_beside_program(const std::string& file_name) {
  std::error_code error;
  const std::filesystem::path program = std::filesystem::read_symlink("/proc/self/exe", error);
  if (error) return {};
  for (const std::filesystem::path& folder : folders_of_program(program)) {
    std::filesystem::path path = folder / file_name;
    if (std::filesystem::exists(path, error)) return path;
  }
  return {};
}

}  // namespace srwm
