#include "srwm/version_text.h"

#include <catch2/catch.hpp>

#include "core/version.h"

namespace srwm {
namespace {

TEST_CASE("version_text names program, commit, compiler and every library") {
  const std::string text = version_text();
  CHECK(text.rfind("srwm " + build_info().version + "\n", 0) == 0);
  CHECK(text.find(build_info().commit) != std::string::npos);
  CHECK(text.find(build_info().compiler) != std::string::npos);
  for (const char* library : {"glibc", "openmp", "blas", "hdf5", "libpng", "fmt", "spdlog", "nlohmann_json", "cli11"}) {
    INFO(library);
    const std::size_t name = text.find(library);
    REQUIRE(name != std::string::npos);
    const std::string line = text.substr(name, text.find('\n', name) - name);
    CHECK(line.find_first_of("0123456789") != std::string::npos);
    CHECK(line.find("unknown") == std::string::npos);
  }
}

}  // namespace
}  // namespace srwm
