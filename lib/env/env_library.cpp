#include "env/env_library.h"

#include <system_error>
#include <utility>

#include <dlfcn.h>

#include "core/error.h"
#include "core/program_folder.h"
#include "env/procgen.h"
#include "io/data_folders.h"
#include "io/file_use.h"

namespace srwm {
namespace {

constexpr const char* games_file = "libsrwm_games.so";

template <typename Function>
Function* find_symbol(void* library, const char* name) {
  return reinterpret_cast<Function*>(dlsym(library, name));
}

template <typename Function>
Function* symbol(void* library, const char* name, const std::filesystem::path& path) {
  Function* function = find_symbol<Function>(library, name);
  if (function == nullptr) {
    throw DeviceError("{} is no library of environments: it has no '{}'. The interface is libenv's, version {}.",
                      path.string(), name, LIBENV_CURRENT_VERSION);
  }
  return function;
}

void* load(const std::filesystem::path& path) {
  note_input(path);
  void* library = dlopen(std::filesystem::absolute(path).c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library != nullptr) return library;
  const std::string reason = dlerror();
  const bool lacks_glib = reason.find("libgthread") != std::string::npos || reason.find("libglib") != std::string::npos;
  throw DeviceError("{} cannot be loaded: {}.{}", path.string(), reason,
                    lacks_glib ? " ProcGen needs GLib 2 (Debian and Ubuntu: apt-get install libglib2.0-0)." : "");
}

std::filesystem::path games_path() {
  std::filesystem::path path = find_beside_program(games_file);
  if (path.empty()) {
    throw DeviceError("The built-in games ({}) are not where this srwm was installed. Install it again.", games_file);
  }
  return path;
}

}  // namespace

EnvLibrary::EnvLibrary(std::filesystem::path path) : path_(std::move(path)) {
  void* library = load(path_);
  const int version = symbol<libenv_version_function>(library, "libenv_version", path_)();
  if (version != LIBENV_CURRENT_VERSION) {
    throw DeviceError("{} speaks version {} of the libenv interface; srwm speaks version {}.", path_.string(), version,
                      LIBENV_CURRENT_VERSION);
  }
  make = symbol<libenv_make_function>(library, "libenv_make", path_);
  get_tensortypes = symbol<libenv_get_tensortypes_function>(library, "libenv_get_tensortypes", path_);
  set_buffers = symbol<libenv_set_buffers_function>(library, "libenv_set_buffers", path_);
  observe = symbol<libenv_observe_function>(library, "libenv_observe", path_);
  act = symbol<libenv_act_function>(library, "libenv_act", path_);
  close = symbol<libenv_close_function>(library, "libenv_close", path_);
  get_state = find_symbol<libenv_get_state_function>(library, "get_state");
  set_state = find_symbol<libenv_set_state_function>(library, "set_state");
  if (auto* describe = find_symbol<libenv_describe_function>(library, "libenv_describe")) {
    description_ = parse_description(describe(), path_.string());
  }
}

std::shared_ptr<const EnvLibrary> EnvLibrary::open(const std::string& place, const std::string& data_dir) {
  const auto load_library = [](std::filesystem::path path) {
    return std::shared_ptr<EnvLibrary>(new EnvLibrary(std::move(path)));
  };
  if (place == games) return load_library(games_path());
  const std::string name = place == procgen ? place : find_moved(place, data_dir).string();
  const bool is_procgen = name == procgen || std::filesystem::is_directory(name);
  if (is_procgen) {
    const ProcgenFiles files = find_procgen(name == procgen ? std::string() : name, data_dir);
    const std::shared_ptr<EnvLibrary> library = load_library(files.library);
    library->resource_root_ = files.images.string() + "/";
    library->description_ = procgen_description();
    return library;
  }
  if (!std::filesystem::exists(name)) {
    throw DataError(
        "There is no library of environments {}. 'games' is built in, 'procgen' is what data_scripts/get_procgen.py "
        "fetches, "
        "others are named by their path.",
        name);
  }
  return load_library(name);
}

std::vector<EnvOption> EnvLibrary::options_for(const EnvRequest& request) const {
  return describes_itself() ? resolve_options(*description_, request, resource_root_) : unchecked_options(request);
}

}  // namespace srwm
