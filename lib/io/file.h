// Files that are there whole or not at all.
#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace srwm {

/// Replaces `path` by `bytes`: writes <path>.tmp in the same folder, flushes it to the disk, renames it, flushes the
/// folder. After any failure or kill the old file or the new one is there, whole. Throws WriteError naming the file and
/// the cause in words ("the disk is full"), and removes the temporary file.
void write_file_atomically(const std::filesystem::path& path, std::span<const std::byte> bytes);
void write_file_atomically(const std::filesystem::path& path, std::string_view text);

/// The same without the flushes, for files that can be made again: as whole, but what a power failure leaves is open.
void write_file(const std::filesystem::path& path, std::span<const std::byte> bytes);

/// Makes `path` another name of the file `existing`, in the same folder, replacing what has that name; at every moment
/// the old file or the new one is there. Returns false, with nothing changed, where the file system has no hard links.
bool replace_by_link(const std::filesystem::path& existing, const std::filesystem::path& path);

/// Whether there is a file or folder of this name. DataError if that cannot be found out: to take a file for missing
/// because a network file system does not answer would begin a run anew over the old one.
bool is_there(const std::filesystem::path& path);

/// Whole content; DataError if it cannot be read.
std::string read_text_file(const std::filesystem::path& path);

/// Creates a folder and its parents; WriteError with the cause in words.
void make_directories(const std::filesystem::path& path);

/// Throws WriteError: "Cannot write <path>: <the error number in words>."
[[noreturn]] void fail_to_write(const std::filesystem::path& path, int error);

/// A system error number in the words of our messages: "the disk is full", "permission denied", ...
std::string explain_errno(int error);

}  // namespace srwm
