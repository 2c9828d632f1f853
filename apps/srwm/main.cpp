// srwm: experiment runner for neural networks that rewrite their own weights.
#include <cerrno>
#include <csignal>
#include <cstdio>
#include <exception>
#include <new>
#include <sstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include <CLI/CLI.hpp>
#include <fmt/core.h>

#include "core/error.h"
#include "core/utf8.h"
#include "io/file.h"
#include "io/file_use.h"
#include "io/terminal.h"
#include "ops/cpu/simd_request.h"
#include "run/host.h"
#include "spec/names.h"
#include "srwm/completion.h"
#include "srwm/program.h"

namespace srwm {
namespace {

/// The innermost command that the command line names.
const CLI::App& named_command(const CLI::App& app) {
  const auto commands = app.get_subcommands();
  return commands.empty() ? app : named_command(*commands.back());
}

/// "srwm data glyphs"
std::string full_name(const CLI::App& command) {
  const CLI::App* parent = command.get_parent();
  return parent == nullptr ? command.get_name() : full_name(*parent) + " " + command.get_name();
}

/// Options and subcommands that a command knows.
std::vector<std::string> known_words(const CLI::App& command) {
  std::vector<std::string> words;
  for (const CLI::App* sub : command.get_subcommands(nullptr)) words.push_back(sub->get_name());
  for (const CLI::Option* option : command.get_options()) {
    for (const std::string& name : option->get_lnames()) words.push_back("--" + name);
  }
  return words;
}

/// What to say of a word that no command knows; empty if there is none. CLI11 itself would rather complain about what
/// is missing, which a misspelt option or command always leaves behind.
std::string complaint_about_unknown(const CLI::App& app) {
  const std::vector<std::string> unknown = app.remaining(true);
  if (unknown.empty()) return {};
  const std::string word = unknown.front().substr(0, unknown.front().find('='));
  const CLI::App& command = named_command(app);
  const std::vector<std::string> words = known_words(command);
  const std::string_view nearest = nearest_name(word, std::vector<std::string_view>(words.begin(), words.end()));
  const std::string name = full_name(command);
  return fmt::format("'{}' is nothing that {} knows.{} '{} --help' lists what it takes.", word, name,
                     nearest.empty() ? "" : fmt::format(" Did you mean {}?", nearest), name);
}

/// Mistakes that CLI11 finds: its words, in a sentence of ours.
std::string complaint(const CLI::App& app, const CLI::ParseError& error) {
  std::string unknown = complaint_about_unknown(app);
  if (!unknown.empty()) return unknown;
  return fmt::format("{}. '{} --help' lists what it takes.", error.what(), full_name(named_command(app)));
}

int report(const char* message, ExitCode code) {
  print_to_stderr(fmt::format("srwm: {}\n", printable(message)));
  return static_cast<int>(code);
}

std::string wrong_processor(const char* missing) {
  return fmt::format(
      "This srwm was compiled for processors with {}, which this one ({}) lacks. Compile it without -march options; "
      "its kernels choose the machine's best instruction set by themselves.",
      missing, cpu_model());
}

std::string out_of_memory(const CLI::App& app) {
  const CLI::App& command = named_command(app);
  if (command.get_name().starts_with("train")) {
    return "Out of memory. Use a smaller train.batch, model or dataset, or raise the limit (ulimit -v, that of the "
           "batch "
           "job).";
  }
  return fmt::format(
      "Out of memory: {} needs more than this process may use. Ask for less at a time, or raise the limit "
      "(ulimit -v, that of the batch job).",
      full_name(command));
}

/// A reader that went away ("| head") wanted no more.
int report_lost_output(int error) {
  if (error == EPIPE) return static_cast<int>(ExitCode::done);
  return report(fmt::format("Cannot write to standard output: {}.", explain_errno(error)).c_str(), ExitCode::data);
}

/// Prints `last`; says so if not all that was printed has arrived.
int finish_output(const std::string& last = "") {
  const bool arrived = std::fputs(last.c_str(), stdout) >= 0 && std::fflush(stdout) == 0;
  return arrived ? static_cast<int>(ExitCode::done) : report_lost_output(errno);
}

int run(int argc, char** argv) {
  if (const char* missing = cpu::missing_instruction_set()) {
    return report(wrong_processor(missing).c_str(), ExitCode::device);
  }
  std::signal(SIGXFSZ, SIG_IGN);  // a limit on the size of files (ulimit -f) is an error that a sentence explains
  wait_for_readers_of_stdout();
  CLI::App app;
  build_program(app);
  if (argc > 1 && std::string_view(argv[1]) == completion_request) {
    return finish_output(to_lines(complete(app, {argv + 2, argv + argc})));
  }
  try {
    cpu::requested_simd_level();  // a name that is none must not pass unnoticed
    plan_standard_output();
    app.parse(argc, argv);
    return finish_output();
  } catch (const CLI::ParseError& error) {
    // 0 for --help and --version; CLI11's own codes for mistakes are not ours.
    const bool is_mistake = error.get_exit_code() != 0;
    if (is_mistake) return report(complaint(app, error).c_str(), ExitCode::usage);
    std::ostringstream text;
    app.exit(error, text, text);
    return finish_output(text.str());
  } catch (const Error& error) {
    return report(error.what(), error.code());
  } catch (const std::system_error& error) {
    if (std::ferror(stdout) == 0) throw;
    return report_lost_output(error.code().value());
  } catch (const std::bad_alloc&) {
    return report(out_of_memory(app).c_str(), ExitCode::device);
  }
}

}  // namespace
}  // namespace srwm

int main(int argc, char** argv) {
  try {
    return srwm::run(argc, argv);
  } catch (const std::exception& error) {
    srwm::print_to_stderr("srwm: internal error: ");
    srwm::print_to_stderr(error.what());
    srwm::print_to_stderr("\n");
    srwm::print_to_stderr(srwm::bug_report_request);
    srwm::print_to_stderr("\n");
    return srwm::internal_error_exit_code;
  }
}
