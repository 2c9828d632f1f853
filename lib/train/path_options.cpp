#include "train/path_options.h"

#include <algorithm>

#include "io/file_use.h"
#include "io/shell_path.h"
#include "train/option_checks.h"

namespace srwm {
namespace {

constexpr const char* validator_name = "path";

/// Calls `use(path)` for the option's value, home folder and all, while the command line is parsed: so before the
/// command does anything.
template <typename Use>
CLI::Option* add(CLI::Option* option, const char* type, Use use) {
  option->type_name(type);
  option->check(not_empty());
  return option->transform(CLI::Validator(
      [use](std::string& text) {
        text = expand_home(text);
        if (!text.empty()) use(text);
        return std::string();
      },
      "", validator_name));
}

}  // namespace

CLI::Option* takes_path(CLI::Option* option, PathUse use, const char* type) {
  const std::string name = option->get_positional() ? option->get_name(true) : option->get_name();
  switch (use) {
    case PathUse::input:
      return add(option, type, [](const std::string& path) { note_input(path); });
    case PathUse::output:
      return add(option, type, [name](const std::string& path) { plan_output(path, name); });
    case PathUse::output_folder:
      return add(option, type, [name](const std::string& path) { plan_output_folder(path, name); });
    case PathUse::pictures:
      return add(option, type, [name](const std::string& path) {
        path.ends_with(".png") ? plan_output(path, name) : plan_output_folder(path, name);
      });
    case PathUse::run_folder:
      return add(option, type, [](const std::string&) {});
  }
  return option;
}

CLI::Option* takes_name_or_path(CLI::Option* option, const char* type) {
  return takes_path(option, PathUse::input, type);
}

bool is_path_option(const CLI::Option& option) {
  try {
    return const_cast<CLI::Option&>(option).get_validator(validator_name) != nullptr;
  } catch (const CLI::OptionNotFound&) {
    return false;
  }
}

}  // namespace srwm
