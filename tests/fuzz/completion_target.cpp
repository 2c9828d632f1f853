// Completion: bytes are the words before the cursor, with zero bytes between them. Whatever they are, there is an
// answer.
#include <memory>
#include <string_view>

#include "fuzz/target.h"
#include "spec/fields.h"
#include "srwm/completion.h"
#include "srwm/program.h"
#include "tasks/fewshot/fewshot_spec.h"

namespace srwm::fuzz {
namespace {

const CLI::App& program() {
  static const auto app = [] {
    auto made = std::make_unique<CLI::App>();
    build_program(*made);
    return made;
  }();
  return *app;
}

void complete_all(std::string_view text) {
  const std::vector<std::string> words = parts_of(text);
  const Completions completions = complete(program(), words);
  for (const Candidate& candidate : completions.candidates) {
    expect(candidate.word.starts_with(words.back()), "a candidate that does not go on from what is there");
  }
  to_lines(completions);
}

}  // namespace

std::vector<std::string> seeds() {
  using namespace std::string_literals;
  return {""s, "train-fewshot\0--set\0model.core.kind="s, "config\0explain\0mod"s, "data\0inspect\0--sheet="s};
}

std::vector<std::string> tokens() {
  std::vector<std::string> words{std::string(1, '\0'), "--", "=", "eval", "bench", "--suite", "--device", "--data-dir"};
  for (const Field& field : fewshot_keys().fields()) words.emplace_back(field.path);
  return words;
}

}  // namespace srwm::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  srwm::fuzz::complete_all({reinterpret_cast<const char*>(data), size});
  return 0;
}
