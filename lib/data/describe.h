// What `srwm data inspect` says about a file.
#pragma once

#include <filesystem>
#include <string>

#include "core/tensor.h"

namespace srwm {

/// Several lines about any file of ours: format, who wrote it, counts, sizes. For classes and episodes the whole file
/// is read and checked, and for classes blank images and images that are there twice are counted and the accuracy of
/// the nearest neighbour in pixels is measured; of other formats the attributes and datasets are listed. DataError if
/// it is none of our files or broken.
std::string describe_file(const std::filesystem::path& path, int threads);

/// The contact sheet of a file of classes (`rows` of the split `split`) or of episodes (the first `rows`); DataError if
/// the file has no images.
Tensor contact_sheet_of_file(const std::filesystem::path& path, const std::string& split, std::int64_t rows);

}  // namespace srwm
