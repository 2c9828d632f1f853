// How a figure came about: what every result carries beside it, so that it can be had again.
#pragma once

#include <string>

#include <nlohmann/json_fwd.hpp>

namespace srwm {

/// What the caller alone knows; everything else is asked of the program, its libraries and the machine.
struct Statement {
  std::string device;       ///< "cpu", "cuda:0"
  int threads = 0;          ///< CPU threads of the computation
  std::string data_digest;  ///< digest of the content of the data; empty if none was read
  std::string spec_json;    ///< the resolved spec
};

/// Appends to a JSON object: `version`, `commit`, `dirty`, `build_type`, `compiler` (the program), `device`, `threads`,
/// `simd`, `host`, `cpu` (what it ran on), `data_digest` (null if there is none), `libraries` (name: version) and
/// `spec` (an object).
void add_statement(nlohmann::ordered_json& object, const Statement& statement);

}  // namespace srwm
