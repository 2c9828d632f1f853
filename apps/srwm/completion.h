// What can stand at the end of an unfinished command line. The scripts in completions/ ask for it on every TAB, so that
// commands, options and keys of the spec are those of the binary.
#pragma once

#include <string>
#include <vector>

#include <CLI/CLI.hpp>

namespace srwm {

struct Candidate {
  std::string word;     ///< the whole word, of which the user may have typed the beginning
  std::string meaning;  ///< in a few words, or empty
};

struct Completions {
  std::vector<Candidate> candidates;
  std::string files;     ///< files that match this pattern will do too ("*.json"); empty: no files
  bool folders = false;  ///< folders will do too
};

/// How `words`, all words after the program's name up to the cursor, may go on; the last one, which may be empty, is
/// the one to complete.
Completions complete(const CLI::App& program, const std::vector<std::string>& words);

/// What the scripts read: a line "word<TAB>meaning" for each candidate, ":files PATTERN", ":folders".
std::string to_lines(const Completions& completions);

/// The word after `srwm` that asks for completions of the words after it. No command of the parser's, which could make
/// nothing of unfinished words.
inline constexpr const char* completion_request = "__complete";

}  // namespace srwm
