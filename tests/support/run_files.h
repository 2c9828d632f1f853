// What a run left behind, for comparing runs.
#pragma once

#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <string>

namespace srwm::test {

/// All bytes of a file; empty if it cannot be read.
inline std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream content;
  content << file.rdbuf();
  return content.str();
}

/// metrics.jsonl of a run without what the clock determines: the fields from "seconds" on.
inline std::string metrics_of(const std::filesystem::path& run) {
  return std::regex_replace(read_file(run / "metrics.jsonl"), std::regex(",\"seconds\":[^}]*"), "");
}

}  // namespace srwm::test
