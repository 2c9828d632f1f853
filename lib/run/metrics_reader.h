// metrics.jsonl as others than the run itself read it, also while it grows.
#pragma once

#include <cstddef>
#include <filesystem>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include <nlohmann/json.hpp>

namespace srwm {

/// The file as it is now.
class MetricsReader {
 public:
  /// Empty if it is not there; DataError if it cannot be read.
  explicit MetricsReader(const std::filesystem::path& path);

  /// The last `most` lines of this kind ("train", "validation"; empty: of any) in the order of the file, as objects
  /// with a whole number "step". Torn and foreign lines are left out.
  std::vector<nlohmann::json> lines(std::string_view kind,
                                    std::size_t most = std::numeric_limits<std::size_t>::max()) const;

 private:
  std::string text_;
};

}  // namespace srwm
