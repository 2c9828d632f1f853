#include <algorithm>
#include <array>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "run/tensor_bytes.h"
#include "run/tensor_file.h"

namespace srwm {
namespace {

using nlohmann::ordered_json;

constexpr const char* safetensors_metadata = "__metadata__";
constexpr std::size_t header_alignment = 8;

/// The header's names of the types that are read.
constexpr auto number_formats = std::to_array<std::pair<std::string_view, NumberFormat>>(
    {{"F16", NumberFormat::f16}, {"BF16", NumberFormat::bf16}, {"F32", NumberFormat::f32}, {"F64", NumberFormat::f64}});

[[noreturn]] void refuse_safetensors(const std::filesystem::path& path, std::string_view why) {
  throw DataError("{} is no whole safetensors file: {}.", path.string(), why);
}

/// The header, and the numbers behind it.
std::pair<ordered_json, std::string_view> split_header(const std::filesystem::path& path, std::string_view text) {
  if (text.size() < sizeof(std::uint64_t)) refuse_safetensors(path, "it ends before its header");
  const auto length = integer_at<std::uint64_t>(text);
  text.remove_prefix(sizeof length);
  if (length > text.size()) refuse_safetensors(path, "it ends before its header does");
  ordered_json header =
      ordered_json::parse(text.substr(0, static_cast<std::size_t>(length)), nullptr, /*allow_exceptions=*/false);
  if (!header.is_object()) refuse_safetensors(path, "its header is no JSON object");
  return {std::move(header), text.substr(static_cast<std::size_t>(length))};
}

/// None unless it is a list of extents that a tensor can have.
std::optional<Shape> shape_in(const ordered_json& list) {
  if (!list.is_array()) return std::nullopt;
  std::vector<std::int64_t> extents;
  for (const ordered_json& extent : list) {
    if (!extent.is_number_integer()) return std::nullopt;
    extents.push_back(extent.get<std::int64_t>());
  }
  return possible_shape(extents);
}

Tensor read_entry(const std::filesystem::path& path, const std::string& name, const ordered_json& entry,
                  std::string_view numbers) {
  const auto refuse = [&](const char* why) { refuse_safetensors(path, fmt::format("the tensor {} {}", name, why)); };
  if (!entry.is_object() || !entry.contains("dtype") || !entry.contains("shape") || !entry.contains("data_offsets")) {
    refuse("lacks dtype, shape or data_offsets");
  }
  const auto format =
      std::ranges::find_if(number_formats, [&](const auto& known) { return entry.at("dtype") == known.first; });
  if (format == number_formats.end())
    refuse("is of a type that is not read; give numbers of 16, 32 or 64 bits with a point");
  const std::optional<Shape> shape = shape_in(entry.at("shape"));
  const ordered_json& offsets = entry.at("data_offsets");
  const bool is_pair =
      offsets.is_array() && offsets.size() == 2 && offsets[0].is_number_unsigned() && offsets[1].is_number_unsigned();
  if (!shape || !is_pair) refuse("has no shape or place that a tensor can have");
  const std::size_t begin = offsets[0], end = offsets[1];
  const std::size_t size = static_cast<std::size_t>(shape->numel()) * size_of(format->second);
  if (end > numbers.size() || begin > end || end - begin != size) refuse("does not fill its place in the file");
  return to_f32(numbers.substr(begin, size), format->second, *shape);
}

}  // namespace

std::vector<std::byte> safetensors_image(const TensorFile& file) {
  ordered_json header = {{safetensors_metadata, file.metadata}};
  std::size_t begin = 0;
  for (const auto& [name, tensor] : file.tensors) {
    const std::size_t end = begin + tensor.bytes();
    auto shape = ordered_json::array();
    for (int axis = 0; axis < tensor.shape().rank(); ++axis) shape.push_back(tensor.dim(axis));
    header[name] = {{"dtype", "F32"}, {"shape", std::move(shape)}, {"data_offsets", {begin, end}}};
    begin = end;
  }
  std::string text = header.dump();
  text.append((header_alignment - text.size() % header_alignment) % header_alignment, ' ');
  std::vector<std::byte> bytes;
  append_integer(bytes, std::uint64_t{text.size()});
  append_text(bytes, text);
  for (const auto& [name, tensor] : file.tensors) append_numbers(bytes, tensor);
  return bytes;
}

TensorFile read_safetensors(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  const auto [header, numbers] = split_header(path, text);
  TensorFile file;
  for (const auto& [name, entry] : header.items()) {
    if (name != safetensors_metadata) {
      file.tensors.push_back({name, read_entry(path, name, entry, numbers)});
      continue;
    }
    for (const auto& [key, value] : entry.items()) {
      if (value.is_string()) file.metadata[key] = value.get<std::string>();
    }
  }
  return file;
}

}  // namespace srwm
