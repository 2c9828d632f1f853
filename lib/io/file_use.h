// Which files this process reads and which ones it is going to write, so that no command destroys what it was given.
// Files are compared by device and inode: other spellings, symbolic and hard links count.
//
// Every reader of a file calls note_input; a command names its outputs with plan_output before it computes anything
// (apps/srwm/path_options.h does both for options). Whichever comes second refuses. The lists are the process's, since
// what they protect is; nothing is in them unless a command plans an output. Any thread may call.
#pragma once

#include <filesystem>
#include <optional>
#include <span>
#include <string_view>

namespace srwm {

/// `path` is being read, be it a file or a folder. UsageError if it is a planned output.
void note_input(const std::filesystem::path& path);

/// The command will write the file `path`, which `option` ("--out") names. UsageError if it is an input or another
/// planned output; WriteError if it is a folder, or is to be in a folder that is not there. What is planned by the
/// same option takes the place of what was.
void plan_output(const std::filesystem::path& path, std::string_view option);

/// The same for a folder that pictures will be written to: refused if it is an input or something other than a folder,
/// or if an input in it has the name of a picture or film.
void plan_output_folder(const std::filesystem::path& path, std::string_view option);

/// Standard output goes to a regular file, if it does: an input that is this file is refused.
void plan_standard_output();

/// The planned output is there; from here on it is read like any other file. Nothing if it was not planned.
void output_is_written(const std::filesystem::path& path);

/// The first of `paths` that has been read, under whatever name.
std::optional<std::filesystem::path> first_input_among(std::span<const std::filesystem::path> paths);

/// Forgets everything: for tests, which are many commands in one process.
void forget_file_use();

}  // namespace srwm
