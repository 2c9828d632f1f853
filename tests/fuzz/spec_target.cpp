// Specs: bytes are the text of a spec; what follows a zero byte is a --set override. A text is refused with a SpecError
// in readable words, or gives a spec that survives being printed and read again.
#include <algorithm>
#include <filesystem>

#include "core/error.h"
#include "core/utf8.h"
#include "fuzz/target.h"
#include "io/file.h"
#include "spec/fields.h"
#include "spec/print.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/task_table.h"

namespace srwm::fuzz {
namespace {

void check_message(const std::string& message) {
  const bool is_plain = std::ranges::all_of(message, [](unsigned char c) { return c == '\n' || c >= 0x20; });
  expect(is_utf8(message) && is_plain && message.size() < 100'000, "a message that cannot be read: " + message);
}

void check_spec(const std::vector<std::string>& parts) {
  try {
    const std::span overrides = std::span(parts).subspan(1);
    const std::string printed = to_json(parse_spec_text(parts[0], "fuzz.json", overrides));
    expect(to_json(parse_spec_text(printed, "printed.json")) == printed, "printed and read again: another spec");
  } catch (const SpecError& error) {
    check_message(error.what());
  }
}

void check_explanation(const std::string& key) {
  try {
    explain(key);
  } catch (const UsageError&) {  // quotes the key as it is: it came from a command line
  }
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> texts{"", "{}", R"({"name": "a", "train": {"steps": 1e3}})"};
  for (const auto& entry : std::filesystem::recursive_directory_iterator(SRWM_SOURCE_DIR "/experiments")) {
    if (entry.path().extension() == ".json") texts.push_back(read_text_file(entry.path()));
  }
  std::ranges::sort(texts);
  texts.push_back(texts.back() + '\0' + "train.steps=3" + '\0' + "data.dataset=x");
  return texts;
}

std::vector<std::string> tokens() {
  std::vector<std::string> pieces{"{", "}", "[", "]", ":", ",", "\"", "\\u0000", "1e400", "-0", "null", "\xc3\xa9"};
  for (const Field& field : fewshot_keys().fields()) {
    pieces.emplace_back(field.path);
    pieces.push_back('"' + std::string(leaf_of(field.path)) + "\": ");
    pieces.push_back('\0' + std::string(field.path) + '=');
  }
  return pieces;
}

}  // namespace srwm::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string text(reinterpret_cast<const char*>(data), size);
  srwm::fuzz::check_spec(srwm::fuzz::parts_of(text));
  srwm::fuzz::check_explanation(text);
  return 0;
}
