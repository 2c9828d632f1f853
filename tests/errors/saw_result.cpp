// What the binary says on stderr is on docs/errors.md, and the commands that it names work.
#include <sstream>

#include <catch2/catch.hpp>

#include "errors/errors_page.h"

namespace srwm::test {
namespace {

/// The arguments of each 'srwm ...' in quotes, with an example for each word in capitals.
std::vector<std::vector<std::string>> named_commands(const std::string& message) {
  const std::string start = "'srwm ";
  std::vector<std::vector<std::string>> commands;
  for (std::size_t at = message.find(start); at != std::string::npos; at = message.find(start, at + 1)) {
    const std::size_t begin = at + start.size(), end = message.find('\'', begin);
    std::istringstream words(message.substr(begin, end - begin));
    std::vector<std::string>& command = commands.emplace_back();
    for (std::string word; words >> word;) command.push_back(word == "KEY" ? "train.steps" : word);
  }
  return commands;
}

}  // namespace

void ErrorSection::saw(const RunResult& result) {
  const std::string start = "srwm: ";
  INFO("stderr: " << result.err);
  REQUIRE(result.err.find(start) != std::string::npos);
  const std::string message = result.err.substr(result.err.find(start) + start.size());
  saw(message, result.exit_code);
  for (const std::vector<std::string>& command : named_commands(message)) {
    if (!tried_.insert(command).second) continue;
    CAPTURE(command);
    CHECK(run_srwm(command).exit_code == 0);
  }
}

}  // namespace srwm::test
