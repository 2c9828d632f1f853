#include "srwm/man_page.h"

#include <string_view>

#include <fmt/core.h>

#include "core/version.h"
#include "srwm/program.h"

namespace srwm {
namespace {

/// Text that roff shows as it is.
std::string roff(std::string_view text) {
  std::string escaped;
  bool at_line_start = true;
  for (const char c : text) {
    if (at_line_start && (c == '.' || c == '\'')) escaped += "\\&";
    if (c == '\\') {
      escaped += "\\e";
    } else if (c == '-') {
      escaped += "\\-";
    } else {
      escaped += c;
    }
    at_line_start = c == '\n';
  }
  return escaped;
}

std::string bold(std::string_view text) {
  return "\\fB" + roff(text) + "\\fR";
}

std::string italic(std::string_view text) {
  return "\\fI" + roff(text) + "\\fR";
}

/// What an option takes, in a word: "SPEC", "{train,val,test}"; of "TEXT:{a,b}" the list.
std::string value_name(const CLI::Option& option) {
  std::string type = option.get_type_name();
  const std::size_t colon = type.find(':');
  if (colon == std::string::npos) return type;
  return type[colon + 1] == '{' ? type.substr(colon + 1) : type.substr(0, colon);
}

std::string term(const CLI::Option& option) {
  if (option.get_positional()) return italic(option.get_name(true));
  std::string names;
  for (const std::string& name : option.get_snames()) names += bold("-" + name) + ", ";
  for (const std::string& name : option.get_lnames()) names += bold("--" + name) + ", ";
  names.resize(names.size() - 2);
  return option.get_items_expected_max() > 0 ? names + " " + italic(value_name(option)) : names;
}

/// "Required.", "Default: 128.", or nothing.
std::string remark(const CLI::Option& option) {
  if (option.get_required()) return " Required.";
  return option.get_default_str().empty() ? "" : fmt::format(" Default: {}.", roff(option.get_default_str()));
}

/// Every command has the program's help options; they are not repeated.
bool is_inherited(const CLI::App& command, const CLI::Option* option) {
  return command.get_parent() != nullptr && (option == command.get_help_ptr() || option == command.get_help_all_ptr());
}

std::string options_of(const CLI::App& command) {
  std::string text;
  for (const CLI::Option* option : command.get_options()) {
    if (is_inherited(command, option)) continue;
    text += fmt::format(".TP\n{}\n{}.{}\n", term(*option), roff(option->get_description()), remark(*option));
  }
  return text;
}

/// Lines as they are, in typewriter letters.
std::string verbatim(std::string_view text) {
  return text.empty() ? "" : fmt::format(".EX\n{}\n.EE\n", roff(text));
}

/// A subsection for `command`, and one for each of the commands below it.
std::string section_of(const CLI::App& command, const std::string& name) {
  std::string text = fmt::format(".SS {}\n{}.\n", roff(name), roff(command.get_description()));
  text += options_of(command);
  if (!command.get_footer().empty()) text += ".PP\n" + verbatim(command.get_footer());
  for (const CLI::App* sub : command.get_subcommands(nullptr)) text += section_of(*sub, name + " " + sub->get_name());
  return text;
}

std::string exit_status() {
  std::string text = ".SH EXIT STATUS\n";
  for (const ExitStatus& status : exit_statuses()) {
    text += fmt::format(".TP\n.B {}\n{}\n", status.code, roff(status.meaning));
  }
  return text;
}

constexpr const char* environment_and_files = R"(.SH ENVIRONMENT
.TP
.B SRWM_DATA
A folder with packed datasets; \fB\-\-data\-dir\fR comes before it, \fI./data\fR after it.
.TP
.B SRWM_SIMD
.BR base ", " v3 " or " v4 :
the instruction set to compute with. The default is the best one of the processor, or that of the checkpoint when a run
is resumed.
.SH FILES
.TP
.IR runs/NAME\-sSEED /
The run folder of an experiment: resolved spec, metrics, checkpoints, log and
.IR result.json .
)";

}  // namespace

std::string man_page(const CLI::App& program) {
  const std::string& name = program.get_name();
  std::string text =
      fmt::format(".TH {} 1 \"\" \"srwm {}\" \"User Commands\"\n.nh\n.ad l\n", "SRWM", build_info().version);
  text += fmt::format(".SH NAME\n{} \\- {}\n", name,
                      "experiment runner for neural networks that rewrite their own weights");
  text += fmt::format(".SH SYNOPSIS\n{} {} [{}]\n", bold(name), italic("COMMAND"), italic("OPTIONS"));
  text += ".SH OPTIONS\n" + options_of(program);
  text += ".SH COMMANDS\n";
  for (const CLI::App* command : program.get_subcommands(nullptr)) {
    text += section_of(*command, name + " " + command->get_name());
  }
  const std::string footer = program.get_footer();  // its last paragraph, the exit codes, has a section of its own
  text += ".SH EXAMPLES\n" + verbatim(footer.substr(0, footer.rfind("\n\n")));
  return text + exit_status() + environment_and_files;
}

}  // namespace srwm
