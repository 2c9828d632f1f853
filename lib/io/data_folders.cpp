#include "io/data_folders.h"

#include <cstdlib>

#include "io/file.h"
#include "io/shell_path.h"

namespace srwm {

std::vector<std::filesystem::path> data_folders(const std::string& data_dir) {
  const char* from_environment = std::getenv("SRWM_DATA");
  std::vector<std::filesystem::path> folders;
  for (const std::string& folder :
       {data_dir, std::string(from_environment == nullptr ? "" : from_environment), std::string("data")}) {
    if (!folder.empty()) folders.emplace_back(expand_home(folder));
  }
  return folders;
}

std::string present_data_folder(const std::string& data_dir) {
  std::error_code unknown;
  for (const std::filesystem::path& folder : data_folders(data_dir)) {
    if (std::filesystem::is_directory(folder, unknown)) return std::filesystem::absolute(folder, unknown).string();
  }
  return {};
}

std::filesystem::path find_moved(const std::string& as_written, const std::string& data_dir) {
  std::filesystem::path path = expand_home(as_written);
  if (is_there(path)) return path;
  const std::filesystem::path name = path.has_filename() ? path.filename() : path.parent_path().filename();
  for (const std::filesystem::path& folder : data_folders(data_dir)) {
    if (!name.empty() && is_there(folder / name)) return folder / name;
  }
  return path;
}

}  // namespace srwm
