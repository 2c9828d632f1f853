// Every op has a test.
#include <algorithm>
#include <cctype>

#include "ops/all_ops.h"
#include "ops/op_harness.h"

namespace srwm::test {
namespace {

/// "MaxPool2x2" -> "max_pool2x2".
std::string op_name(const std::string& struct_name) {
  std::string name;
  for (const char letter : struct_name) {
    const auto code = static_cast<unsigned char>(letter);
    if (std::isupper(code) && !name.empty()) name += '_';
    name += static_cast<char>(std::tolower(code));
  }
  return name;
}

TEST_CASE("every op of the engine has cases in the op harness", "[ops]") {
#define SRWM_STRUCT_NAME(Op) #Op,
  for (const char* struct_name : {SRWM_ALL_OPS(SRWM_STRUCT_NAME, SRWM_STRUCT_NAME)}) {
#undef SRWM_STRUCT_NAME
    INFO(struct_name << " needs a SRWM_TEST_OP in tests/ops.");
    CHECK(std::count(covered_ops().begin(), covered_ops().end(), op_name(struct_name)) == 1);
  }
}

}  // namespace
}  // namespace srwm::test
