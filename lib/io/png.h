// PNG pictures.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/tensor.h"

namespace srwm {

/// Writes u8 [H, W, 1] as a grey PNG or u8 [H, W, 3] as an RGB one, whole or not at all. Equal pictures give equal
/// bytes. DataError if the file cannot be written.
void write_png(const Tensor& picture, const std::filesystem::path& path);

/// A PNG of any kind as u8 [H, W, 1] if it is grey, else as u8 [H, W, 3]: palettes are looked up, 16 bits brought to 8,
/// transparent pixels lie on white. DataError if the file cannot be read, is no whole PNG, or has more than 2^28
/// pixels.
Tensor read_png(const std::filesystem::path& path);

/// The files of a folder whose names end in .png, in capitals or not, sorted. Empty if the folder cannot be read.
std::vector<std::filesystem::path> png_files(const std::filesystem::path& folder);

/// "1.6.39"; both if the library that is loaded differs from the headers.
std::string png_library_version();

}  // namespace srwm
