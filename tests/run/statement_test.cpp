#include "run/statement.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/version.h"
#include "ops/backend.h"
#include "run/host.h"

using namespace srwm;

namespace {

nlohmann::ordered_json statement_of(const Backend& backend, const std::string& digest, const std::string& spec) {
  const Context context(backend, DType::f32, 2);
  nlohmann::ordered_json object;
  add_statement(object, Statement(context, digest, spec));
  return object;
}

}  // namespace

TEST_CASE("a statement names program, machine, data, libraries and spec", "[statement]") {
  const auto json = statement_of(cpu_backend(), "00ff", R"({"name": "demo"})");
  CHECK(json["commit"] == build_info().commit);
  CHECK(json["dirty"] == build_info().dirty);
  CHECK(json["device"] == "cpu");
  CHECK(json["gpu"].is_null());
  CHECK(json["threads"] == 2);
  CHECK(json["data_digest"] == "00ff");
  CHECK(json["spec"]["name"] == "demo");
  for (const char* name : {"version", "build_type", "compiler", "simd", "host", "cpu"}) {
    CAPTURE(name);
    REQUIRE(json[name].is_string());
    CHECK_FALSE(json[name].get<std::string>().empty());
  }
  for (const LibraryVersion& library : libraries()) CHECK(json["libraries"][library.name] == library.version);
  for (const char* library : {"glibc", "openmp", "blas", "hdf5", "libpng"}) CHECK(json["libraries"].contains(library));
}

TEST_CASE("where no data was read the digest is null; a spec that is none is a mistake", "[statement]") {
  CHECK(statement_of(cpu_backend(), "", "{}")["data_digest"].is_null());
  CHECK_THROWS_AS(statement_of(cpu_backend(), "", ""), InternalError);
}

TEST_CASE("a device names itself and its libraries", "[statement]") {
  Backend backend = cpu_backend();
  backend.device_name = "A GPU";
  backend.libraries = {{"cuda", "13.0"}};
  const auto json = statement_of(backend, "", "{}");
  CHECK(json["gpu"] == "A GPU");
  CHECK(json["libraries"]["cuda"] == "13.0");
  CHECK(json["libraries"].contains("hdf5"));
}
