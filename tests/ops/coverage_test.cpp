// Every op has a test.
#include <algorithm>

#include "ops/op_harness.h"

namespace srwm::test {
namespace {

template <typename... Ops>
std::vector<std::string> names_of(OpList<Ops...>) {
  return {Ops::name...};
}

TEST_CASE("every op of the engine has cases in the op harness", "[ops]") {
  for (const std::string& name : names_of(AllOps{})) {
    INFO(name << " needs a SRWM_TEST_OP in tests/ops.");
    CHECK(std::count(covered_ops().begin(), covered_ops().end(), name) == 1);
  }
}

}  // namespace
}  // namespace srwm::test
