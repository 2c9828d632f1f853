// Two benchmarks side by side.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace srwm {

/// A line that two benchmarks have in common.
struct ComparedLine {
  std::string name;
  double before = 0, after = 0;  ///< seconds, medians
  double noise = 0;              ///< by how large a part the ratio moves without a cause
  double ratio() const { return after / before; }
  bool changed() const;
};

struct Comparison {
  std::vector<ComparedLine> lines;
  std::vector<std::string> only_before, only_after;  ///< names
  std::vector<std::string> differences;              ///< what else is not the same: "gpu: A, B"
};

/// Reads two files of srwm bench. The noise of a line is the larger of 3 % and twice the sum of both spreads (between
/// the quartiles, as parts of the medians). DataError if a file is not such a file.
Comparison compare_benchmarks(const std::filesystem::path& before, const std::filesystem::path& after);

/// A table, with "slower" and "faster" beside what changed by more than the noise.
std::string describe(const Comparison& comparison);

}  // namespace srwm
