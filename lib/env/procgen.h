// The real ProcGen (Cobbe, Hesse, Hilton, Schulman, "Leveraging procedural generation to benchmark reinforcement
// learning", 2020) as data_scripts/get_procgen.py unpacks it from its Python package.
#pragma once

#include <filesystem>
#include <string>

#include "env/description.h"

namespace srwm {

struct ProcgenFiles {
  std::filesystem::path library;  ///< libenv.so
  std::filesystem::path images;   ///< the folder assets
};

/// Looks into `folder`, or, if that is empty, into <data folder>/procgen. Every image is looked for, since ProcGen ends
/// the process when it misses one. DataError naming what is missing, and how to get it.
ProcgenFiles find_procgen(const std::string& folder, const std::string& data_dir);

/// Games, modes, actions and options of ProcGen 0.10.7. Its C++ defaults are not those of its Python interface, whose
/// these are, but for the mode, which is easy.
EnvDescription procgen_description();

}  // namespace srwm
