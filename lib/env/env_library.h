// A shared library of environments with the libenv interface: our own games, ProcGen, or somebody's.
#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "env/description.h"
#include "env/libenv.h"
#include "env/request.h"

namespace srwm {

/// Loaded once and never unloaded: libraries like ProcGen's keep threads and images of the process. Do not fork after
/// opening one.
class EnvLibrary {
 public:
  static constexpr const char* games = "games";      ///< name of our own library
  static constexpr const char* procgen = "procgen";  ///< name of ProcGen, unpacked by data_scripts/get_procgen.py

  /// `name`: games; procgen, which is looked for below the data folders (io/data_folders.h); the folder ProcGen was
  /// unpacked into; or the path of a shared library; folder and
  /// library may have moved into a data folder. DataError if a file or folder is missing, DeviceError if what is
  /// there cannot be loaded or speaks another version of the interface.
  static std::shared_ptr<const EnvLibrary> open(const std::string& name, const std::string& data_dir = {});

  const std::filesystem::path& path() const { return path_; }
  /// Whether it can say what it offers; if not, options go to it unchecked.
  bool describes_itself() const { return description_.has_value(); }
  const EnvDescription& description() const { return *description_; }
  /// Whether it says that it takes this option (env/description.h).
  bool takes(std::string_view option) const { return describes_itself() && description().takes(option); }
  /// Whether it plays on the levels that it is told to, so that training and test can have different ones.
  bool takes_levels() const { return takes("num_levels") && takes("start_level"); }
  /// Whether environments can be stored and put back exactly.
  bool saves_state() const { return get_state != nullptr && set_state != nullptr; }
  /// The options to make environments with; UsageError if the library would not take them.
  std::vector<EnvOption> options_for(const EnvRequest& request) const;

  libenv_make_function* make;
  libenv_get_tensortypes_function* get_tensortypes;
  libenv_set_buffers_function* set_buffers;
  libenv_observe_function* observe;
  libenv_act_function* act;
  libenv_close_function* close;
  libenv_get_state_function* get_state;  ///< null where states cannot be saved
  libenv_set_state_function* set_state;

 private:
  explicit EnvLibrary(std::filesystem::path path);

  std::filesystem::path path_;
  std::string resource_root_;  ///< of ProcGen: its folder of images, with a slash at the end
  std::optional<EnvDescription> description_;
};

}  // namespace srwm
