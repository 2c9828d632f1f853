#include <algorithm>
#include <array>
#include <charconv>
#include <optional>
#include <utility>

#include <nlohmann/json.hpp>

#include "core/crc32.h"
#include "core/error.h"
#include "io/file.h"
#include "run/tensor_bytes.h"
#include "run/tensor_file.h"

namespace srwm {
namespace {

// Zip archives (APPNOTE.TXT of PKWARE, 4.3) as far as numpy.savez writes them.
constexpr std::uint32_t local_magic = 0x04034b50, central_magic = 0x02014b50, end_magic = 0x06054b50;
constexpr std::size_t local_size = 30, central_size = 46, end_size = 22;
constexpr std::uint16_t zip_version = 20, first_of_1980 = 0x21;

constexpr std::string_view npy_magic("\x93NUMPY\x01\x00", 8);
constexpr std::string_view npy_ending = ".npy";
constexpr const char* npz_metadata = "__metadata__";

std::string_view as_text(const std::vector<std::byte>& bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

/// An archive that is being written, its files not compressed.
class ZipWriter {
 public:
  void add(const std::string& name, std::string_view content) {
    const auto place = static_cast<std::uint32_t>(archive_.size());
    append_integer(archive_, local_magic);
    append_description(archive_, name, content);
    append_text(archive_, name);
    append_text(archive_, content);
    append_integer(directory_, central_magic);
    append_integer(directory_, zip_version);  // of the program that wrote it
    append_description(directory_, name, content);
    for (int i = 0; i < 3; ++i) append_integer(directory_, std::uint16_t{0});  // comment, disk, kind of file
    append_integer(directory_, std::uint32_t{0});                              // attributes
    append_integer(directory_, place);
    append_text(directory_, name);
    ++count_;
  }

  std::vector<std::byte> finish() {
    const auto place = static_cast<std::uint32_t>(archive_.size());
    archive_.insert(archive_.end(), directory_.begin(), directory_.end());
    append_integer(archive_, end_magic);
    append_integer(archive_, std::uint32_t{0});  // disks
    append_integer(archive_, count_);
    append_integer(archive_, count_);
    append_integer(archive_, static_cast<std::uint32_t>(directory_.size()));
    append_integer(archive_, place);
    append_integer(archive_, std::uint16_t{0});  // comment
    return std::move(archive_);
  }

 private:
  /// What a file's own header and its entry in the directory have in common.
  static void append_description(std::vector<std::byte>& bytes, const std::string& name, std::string_view content) {
    const auto size = static_cast<std::uint32_t>(content.size());
    for (const std::uint16_t value :
         {zip_version, std::uint16_t{0}, std::uint16_t{0}, std::uint16_t{0}, first_of_1980}) {
      append_integer(bytes, value);  // version to read it, flags, method, time, date
    }
    append_integer(bytes, crc32<crc32_ieee>(content));
    append_integer(bytes, size);
    append_integer(bytes, size);
    append_integer(bytes, static_cast<std::uint16_t>(name.size()));
    append_integer(bytes, std::uint16_t{0});  // extra fields
  }

  std::vector<std::byte> archive_, directory_;
  std::uint16_t count_ = 0;
};

[[noreturn]] void refuse_npz(const std::filesystem::path& path, std::string_view why) {
  throw DataError("{} is no whole .npz file of arrays: {}.", path.string(), why);
}

/// The files of an archive by name.
class ZipReader {
 public:
  ZipReader(const std::filesystem::path& path, std::string_view archive) : path_(path), archive_(archive) {
    const std::string magic("PK\x05\x06");
    const std::size_t end = archive.rfind(magic);
    if (end == archive.npos || archive.size() - end < end_size) refuse_npz(path, "it has no directory at its end");
    count_ = integer_at<std::uint16_t>(part(end + 10, 2));
    place_ = integer_at<std::uint32_t>(part(end + 16, 4));
  }

  /// Name and content of the next file; none at the end.
  std::optional<std::pair<std::string, std::string_view>> next() {
    if (count_ == 0) return std::nullopt;
    --count_;
    const std::string_view entry = part(place_, central_size);
    if (integer_at<std::uint32_t>(entry) != central_magic) refuse_npz(path_, "its directory is damaged");
    const auto method = integer_at<std::uint16_t>(entry.substr(10));
    const auto crc = integer_at<std::uint32_t>(entry.substr(16)), size = integer_at<std::uint32_t>(entry.substr(24));
    const auto name_size = integer_at<std::uint16_t>(entry.substr(28)),
               extra = integer_at<std::uint16_t>(entry.substr(30)),
               comment = integer_at<std::uint16_t>(entry.substr(32));
    const auto local = integer_at<std::uint32_t>(entry.substr(42));
    std::string name(part(place_ + central_size, name_size));
    place_ += central_size + name_size + extra + comment;
    if (method != 0) refuse_npz(path_, fmt::format("{} is compressed; write it with numpy.savez", name));
    const std::string_view header = part(local, local_size);
    const std::size_t before =
        local_size + integer_at<std::uint16_t>(header.substr(26)) + integer_at<std::uint16_t>(header.substr(28));
    const std::string_view content = part(local + before, size);
    if (crc32<crc32_ieee>(content) != crc) refuse_npz(path_, fmt::format("the check sum of {} is wrong", name));
    return std::pair(std::move(name), content);
  }

 private:
  std::string_view part(std::size_t begin, std::size_t size) const {
    if (begin > archive_.size() || size > archive_.size() - begin) refuse_npz(path_, "it is damaged or truncated");
    return archive_.substr(begin, size);
  }

  const std::filesystem::path& path_;
  std::string_view archive_;
  std::size_t place_ = 0;
  std::uint16_t count_ = 0;
};

/// "(3, 4)", "(3,)", "()"
std::string shape_text(const Tensor& tensor) {
  std::string text = "(";
  for (int axis = 0; axis < tensor.shape().rank(); ++axis) {
    text += fmt::format("{}{}", axis > 0 ? ", " : "", tensor.dim(axis));
  }
  return text + (tensor.shape().rank() == 1 ? ",)" : ")");
}

/// An .npy file of version 1.0: the header ends where the length of all before the numbers is a multiple of 64.
std::vector<std::byte> npy_of(std::string_view type, const std::string& shape, std::string_view numbers) {
  std::string header = fmt::format("{{'descr': '{}', 'fortran_order': False, 'shape': {}, }}", type, shape);
  const std::size_t before = npy_magic.size() + sizeof(std::uint16_t);
  header.append(63 - (before + header.size()) % 64, ' ');
  header += '\n';
  std::vector<std::byte> bytes;
  append_text(bytes, npy_magic);
  append_integer(bytes, static_cast<std::uint16_t>(header.size()));
  append_text(bytes, header);
  append_text(bytes, numbers);
  return bytes;
}

/// An .npy file taken apart.
struct Npy {
  std::string type;  ///< "<f4"
  Shape shape;
  std::string_view numbers;
};

/// The text of the header between `begin` and the next `end`; none if they are not there.
std::optional<std::string_view> between(std::string_view header, std::string_view begin, std::string_view end) {
  const std::size_t from = header.find(begin);
  if (from == header.npos) return std::nullopt;
  header.remove_prefix(from + begin.size());
  const std::size_t to = header.find(end);
  return to == header.npos ? std::nullopt : std::optional(header.substr(0, to));
}

/// None if it is not an array of numbers in the order of C.
std::optional<Npy> parse_npy(std::string_view content) {
  const std::size_t before = npy_magic.size() + sizeof(std::uint16_t);
  if (content.size() < before || !content.starts_with(npy_magic)) return std::nullopt;
  const auto length = integer_at<std::uint16_t>(content.substr(npy_magic.size()));
  if (content.size() < before + length) return std::nullopt;
  const std::string_view header = content.substr(before, length);
  const auto type = between(header, "'descr': '", "'"), shape = between(header, "'shape': (", ")");
  if (!type || !shape || header.find("'fortran_order': False") == header.npos) return std::nullopt;
  std::vector<std::int64_t> extents;
  for (std::string_view rest = *shape; rest.find_first_not_of(", ") != rest.npos;) {
    rest.remove_prefix(rest.find_first_not_of(", "));
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(rest.data(), rest.data() + rest.size(), extent);
    if (error != std::errc()) return std::nullopt;
    extents.push_back(extent);
    rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
  }
  const std::optional<Shape> possible = possible_shape(extents);
  if (!possible) return std::nullopt;
  return Npy{std::string(*type), *possible, content.substr(before + length)};
}

void read_metadata(const std::filesystem::path& path, std::string_view content, TensorFile& file) {
  const std::optional<Npy> npy = parse_npy(content);
  if (!npy || npy->type != "|u1") refuse_npz(path, "its metadata is no array of bytes");
  const nlohmann::json object = nlohmann::json::parse(npy->numbers, nullptr, /*allow_exceptions=*/false);
  if (!object.is_object()) refuse_npz(path, "its metadata is no JSON object");
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) file.metadata[key] = value.get<std::string>();
  }
}

Tensor read_array(const std::filesystem::path& path, const std::string& name, std::string_view content) {
  constexpr auto formats = std::to_array<std::pair<std::string_view, NumberFormat>>(
      {{"<f2", NumberFormat::f16}, {"<f4", NumberFormat::f32}, {"<f8", NumberFormat::f64}});
  const std::optional<Npy> npy = parse_npy(content);
  if (!npy) refuse_npz(path, fmt::format("{} is no array of numbers in the order of C", name));
  const auto format = std::ranges::find(formats, npy->type, &std::pair<std::string_view, NumberFormat>::first);
  if (format == formats.end()) {
    refuse_npz(path,
               fmt::format("{} is of the type {}, which is not read; give numbers of 16, 32 or 64 bits with a point",
                           name, npy->type));
  }
  if (npy->numbers.size() != static_cast<std::size_t>(npy->shape.numel()) * size_of(format->second)) {
    refuse_npz(path, fmt::format("{} does not have as many numbers as its shape", name));
  }
  return to_f32(npy->numbers, format->second, npy->shape);
}

}  // namespace

std::vector<std::byte> npz_image(const TensorFile& file) {
  ZipWriter archive;
  const std::string metadata = nlohmann::json(file.metadata).dump();
  archive.add(fmt::format("{}{}", npz_metadata, npy_ending),
              as_text(npy_of("|u1", fmt::format("({},)", metadata.size()), metadata)));
  for (const auto& [name, tensor] : file.tensors) {
    std::vector<std::byte> numbers;
    append_numbers(numbers, tensor);
    archive.add(fmt::format("{}{}", name, npy_ending), as_text(npy_of("<f4", shape_text(tensor), as_text(numbers))));
  }
  return archive.finish();
}

TensorFile read_npz(const std::filesystem::path& path) {
  const std::string archive = read_text_file(path);
  ZipReader reader(path, archive);
  TensorFile file;
  while (const auto entry = reader.next()) {
    const auto& [name, content] = *entry;
    if (!name.ends_with(npy_ending)) refuse_npz(path, fmt::format("{} is no .npy file", name));
    const std::string tensor = name.substr(0, name.size() - npy_ending.size());
    if (tensor == npz_metadata) {
      read_metadata(path, content, file);
    } else {
      file.tensors.push_back({tensor, read_array(path, tensor, content)});
    }
  }
  return file;
}

}  // namespace srwm
