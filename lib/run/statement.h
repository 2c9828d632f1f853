// How a figure came about: what every result carries beside it, so that it can be had again.
#pragma once

#include <string>
#include <vector>

#include <nlohmann/json_fwd.hpp>

#include "core/version.h"
#include "ops/context.h"

namespace srwm {

/// What belongs to one computation; the rest is asked of the program, its libraries and the machine.
struct Statement {
  /// `data_digest`: digest of the content of the data, empty if none was read; `spec_json`: the resolved spec.
  Statement(const Context& context, std::string data_digest, std::string spec_json);

  std::string device;                     ///< "cpu", "cuda:0"
  std::string gpu;                        ///< "NVIDIA H200"; empty on a CPU
  int threads;                            ///< CPU threads of the computation, or of each of its ranks
  std::string engine = "none";            ///< what carried the bytes between ranks (comm/ranks.h)
  std::vector<std::string> hosts;         ///< of the ranks: this machine, unless said otherwise
  std::vector<LibraryVersion> libraries;  ///< of the device
  std::string data_digest;
  std::string spec_json;
};

/// Appends to a JSON object: `version`, `commit`, `dirty`, `build_type`, `compiler` (the program), `device`, `gpu`
/// (null on a CPU), `threads`, `ranks`, `engine`, `hosts`, `simd`, `host`, `cpu` (what it ran on), `data_digest` (null
/// if there is none), `libraries` (name: version) and `spec` (an object).
void add_statement(nlohmann::ordered_json& object, const Statement& statement);

}  // namespace srwm
