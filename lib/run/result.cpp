#include "run/result.h"

#include "core/error.h"
#include "core/json_number.h"
#include "core/json_text.h"
#include "io/file.h"

namespace srwm {

nlohmann::ordered_json seed_as_json(std::uint64_t seed) {
  return is_safe_in_json(seed) ? nlohmann::ordered_json(seed) : nlohmann::ordered_json(std::to_string(seed));
}

std::string result_json(const RunResult& result, const Statement& statement) {
  // A number that is not finite is printed as null.
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, section] : result.sections) object[name] = section;
  object["steps"] = result.steps;
  object["wall_seconds"] = result.wall_seconds;
  if (!result.speed.first.empty()) object[result.speed.first] = result.speed.second;
  object["seed"] = seed_as_json(result.seed);
  add_statement(object, statement);
  return json_text(object, 2) + "\n";
}

void write_result(const RunPaths& paths, const RunResult& result, const Statement& statement) {
  write_file_atomically(paths.result(), result_json(result, statement));
}

std::string describe_result_file(const RunPaths& paths,
                                 const std::function<std::string(const nlohmann::json& result)>& describe) {
  try {
    return describe(nlohmann::json::parse(read_text_file(paths.result())));
  } catch (const nlohmann::json::exception&) {
    throw DataError("{} is not a result written by this program; delete it and {} and run again with --resume.",
                    paths.result().string(), paths.done().string());
  }
}

}  // namespace srwm
