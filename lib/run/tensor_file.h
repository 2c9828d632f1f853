// Weights in the files that other programs read: safetensors and npz.
#pragma once

#include <cstddef>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "core/named_tensor.h"

namespace srwm {

/// Tensors by name, with texts about them.
struct TensorFile {
  std::vector<NamedTensor> tensors;
  std::map<std::string, std::string> metadata;
};

/// The format of https://github.com/huggingface/safetensors: the length of a JSON header, the header, the numbers. The
/// tensors must be f32. Equal contents give equal bytes.
std::vector<std::byte> safetensors_image(const TensorFile& file);
/// Numbers of 16, 32 and 64 bits become f32. DataError if it is no safetensors file, is damaged, or has others.
TensorFile read_safetensors(const std::filesystem::path& path);

/// What numpy.savez writes: a zip archive, not compressed, with an .npy file for each tensor. The metadata is one more
/// array of bytes, `__metadata__`: JSON. The tensors must be f32. Equal contents give equal bytes.
std::vector<std::byte> npz_image(const TensorFile& file);
/// Numbers of 16, 32 and 64 bits become f32. DataError if it is no such archive, is compressed or damaged, or has
/// others.
TensorFile read_npz(const std::filesystem::path& path);

}  // namespace srwm
