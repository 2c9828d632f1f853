#include "run/result.h"

#include "core/error.h"
#include "core/json_number.h"
#include "core/json_text.h"
#include "io/file.h"

namespace srwm {

std::string result_json(const RunResult& result, const Statement& statement) {
  // A number that is not finite is printed as null.
  nlohmann::ordered_json object = nlohmann::ordered_json::object();
  for (const auto& [name, section] : result.sections) object[name] = section;
  object["steps"] = result.steps;
  object["wall_seconds"] = result.wall_seconds;
  if (result.images_per_second) object["images_per_second"] = *result.images_per_second;
  if (result.steps_per_second) object["steps_per_second"] = *result.steps_per_second;
  object["seed"] = is_safe_in_json(result.seed) ? nlohmann::ordered_json(result.seed)
                                                : nlohmann::ordered_json(std::to_string(result.seed));
  add_statement(object, statement);
  return json_text(object, 2) + "\n";
}

void write_result(const RunPaths& paths, const RunResult& result, const Statement& statement) {
  write_file_atomically(paths.result(), result_json(result, statement));
}

std::string describe_result_file(const RunPaths& paths,
                                 std::string (*describe)(const nlohmann::json& result, const RunPaths& paths)) {
  try {
    return describe(nlohmann::json::parse(read_text_file(paths.result())), paths);
  } catch (const nlohmann::json::exception&) {
    throw DataError("{} is not a result written by this program; delete it and {} and run again with --resume.",
                    paths.result().string(), paths.done().string());
  }
}

}  // namespace srwm
