// Catch2 version 3 under the one header and the names of version 2, against which the tests are written. In the include
// path only where version 3 is what was found (Debian 13, Ubuntu 24.04).
#pragma once

#include <string>

#include <catch2/catch_approx.hpp>
#include <catch2/catch_template_test_macros.hpp>
#include <catch2/catch_test_macros.hpp>
#include <catch2/generators/catch_generators_all.hpp>
#include <catch2/matchers/catch_matchers_exception.hpp>
#include <catch2/matchers/catch_matchers_string.hpp>

namespace Catch::Matchers {

inline StringContainsMatcher Contains(const std::string& text) {
  return ContainsSubstring(text);
}

}  // namespace Catch::Matchers

using Catch::Approx;
