#include "run/statement.h"

#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/version.h"
#include "ops/backend.h"
#include "ops/cpu/simd_level.h"
#include "run/host.h"

namespace srwm {
namespace {

using Json = nlohmann::ordered_json;

Json text_or_null(const std::string& text) {
  return text.empty() ? Json() : Json(text);
}

void add_program(Json& object) {
  const BuildInfo& build = build_info();
  object["version"] = build.version;
  object["commit"] = build.commit;
  object["dirty"] = build.dirty;
  object["build_type"] = build.build_type;
  object["compiler"] = build.compiler;
}

void add_machine(Json& object, const Statement& statement) {
  object["device"] = statement.device;
  object["gpu"] = text_or_null(statement.gpu);
  object["threads"] = statement.threads;
  object["ranks"] = statement.hosts.size();
  object["engine"] = statement.engine;
  object["hosts"] = statement.hosts;
  object["simd"] = cpu::name_of(cpu::simd_level());
  object["host"] = host_name();
  object["cpu"] = cpu_model();
}

Json libraries_json(const std::vector<LibraryVersion>& of_the_device) {
  Json object = Json::object();
  for (const LibraryVersion& library : libraries()) object[library.name] = library.version;
  for (const LibraryVersion& library : of_the_device) object[library.name] = library.version;
  return object;
}

Json spec_object(const std::string& text) {
  Json spec = Json::parse(text, nullptr, /*allow_exceptions=*/false);
  SRWM_CHECK(spec.is_object(), "the resolved spec is no JSON object: {}", text);
  return spec;
}

}  // namespace

Statement::Statement(const Context& context, std::string digest, std::string spec)
    : device(context.device().to_string()),
      gpu(context.backend().device_name),
      threads(context.threads()),
      hosts{host_name()},
      libraries(context.backend().libraries),
      data_digest(std::move(digest)),
      spec_json(std::move(spec)) {}

void add_statement(Json& object, const Statement& statement) {
  add_program(object);
  add_machine(object, statement);
  object["data_digest"] = text_or_null(statement.data_digest);
  object["libraries"] = libraries_json(statement.libraries);
  object["spec"] = spec_object(statement.spec_json);
}

}  // namespace srwm
