#include "io/data_folders.h"

#include <cstdlib>

namespace srwm {

std::vector<std::filesystem::path> data_folders(const std::string& data_dir) {
  const char* from_environment = std::getenv("SRWM_DATA");
  std::vector<std::filesystem::path> folders;
  for (const std::string& folder :
       {data_dir, std::string(from_environment == nullptr ? "" : from_environment), std::string("data")}) {
    if (!folder.empty()) folders.emplace_back(folder);
  }
  return folders;
}

}  // namespace srwm
