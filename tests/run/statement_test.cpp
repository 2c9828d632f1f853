#include "run/statement.h"

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "core/version.h"
#include "run/environment.h"

using namespace srwm;

namespace {

nlohmann::ordered_json statement_of(const Statement& statement) {
  nlohmann::ordered_json object;
  add_statement(object, statement);
  return object;
}

}  // namespace

TEST_CASE("a statement names program, machine, data, libraries and spec", "[statement]") {
  const auto json = statement_of({"cpu", 2, "00ff", R"({"name": "demo"})"});
  CHECK(json["commit"] == build_info().commit);
  CHECK(json["dirty"] == build_info().dirty);
  CHECK(json["device"] == "cpu");
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
  CHECK(statement_of({"cpu", 1, "", "{}"})["data_digest"].is_null());
  CHECK_THROWS_AS(statement_of({"cpu", 1, "", ""}), InternalError);
}
