#include "run/tensorboard.h"

#include <bit>

#include "core/crc32.h"
#include "io/file.h"

namespace srwm {
namespace {

constexpr std::string_view file_version = "brain.Event:2";
constexpr std::size_t header_bytes = 12;  // length and its CRC
constexpr std::size_t footer_bytes = 4;   // CRC of the message

std::uint32_t masked_crc(std::string_view bytes) {
  return std::rotr(crc32c(bytes), 15) + 0xa282ead8u;
}

template <typename Unsigned>
void append_little_endian(std::string& out, Unsigned value) {
  for (std::size_t i = 0; i < sizeof(Unsigned); ++i) out.push_back(static_cast<char>((value >> (8 * i)) & 0xff));
}

std::uint64_t read_little_endian(std::string_view bytes) {
  std::uint64_t value = 0;
  for (std::size_t i = bytes.size(); i-- > 0;) value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

// The four kinds of protocol buffer fields used here; a key is field number * 8 + wire type.
void append_varint(std::string& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<char>(value | 0x80));
  out.push_back(static_cast<char>(value));
}

void append_key(std::string& out, unsigned field, unsigned wire_type) {
  append_varint(out, field * 8 + wire_type);
}

void append_varint_field(std::string& out, unsigned field, std::int64_t value) {
  append_key(out, field, 0);
  append_varint(out, static_cast<std::uint64_t>(value));
}

void append_double_field(std::string& out, unsigned field, double value) {
  append_key(out, field, 1);
  append_little_endian(out, std::bit_cast<std::uint64_t>(value));
}

void append_float_field(std::string& out, unsigned field, float value) {
  append_key(out, field, 5);
  append_little_endian(out, std::bit_cast<std::uint32_t>(value));
}

void append_bytes_key(std::string& out, unsigned field, std::size_t size) {
  append_key(out, field, 2);
  append_varint(out, size);
}

/// Length of the record at the start of `bytes`; 0 if there is no whole and sound one.
std::size_t record_length(std::string_view bytes) {
  if (bytes.size() < header_bytes) return 0;
  const std::uint64_t length = read_little_endian(bytes.substr(0, 8));
  if (read_little_endian(bytes.substr(8, 4)) != masked_crc(bytes.substr(0, 8))) return 0;
  if (length > bytes.size() - header_bytes || bytes.size() - header_bytes - length < footer_bytes) return 0;
  const std::string_view message = bytes.substr(header_bytes, length);
  if (read_little_endian(bytes.substr(header_bytes + length, 4)) != masked_crc(message)) return 0;
  return header_bytes + length + footer_bytes;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  return crc32<crc32_castagnoli>(bytes);
}

struct EventFile::Kept {
  std::int64_t bytes = 0;
  std::int64_t records = 0;  // the opening one counts here
};

EventFile::Kept EventFile::scan(const std::filesystem::path& path, std::int64_t keep_events) {
  Kept kept;
  if (keep_events == 0 || !is_there(path)) return kept;
  const std::string content = read_text_file(path);
  std::string_view rest = content;
  while (kept.records < keep_events + 1) {
    const std::size_t length = record_length(rest);
    if (length == 0) break;
    rest.remove_prefix(length);
    ++kept.records;
  }
  kept.bytes = static_cast<std::int64_t>(content.size() - rest.size());
  return kept;
}

EventFile::EventFile(const std::filesystem::path& path, std::int64_t keep_events)
    : EventFile(path, scan(path, keep_events)) {}

EventFile::EventFile(const std::filesystem::path& path, const Kept& kept)
    : file_(path, kept.bytes), events_(kept.records - 1) {
  if (kept.records > 0) return;
  append_double_field(event_, 1, 0);  // wall_time; no clock, so that the opening record is always the same
  append_bytes_key(event_, 3, file_version.size());
  event_ += file_version;
  append_record();  // counts itself: events_ is 0 after it
}

void EventFile::write(std::int64_t step, std::string_view kind, std::span<const Metric> values,
                      std::span<const Metric> times, double wall_time) {
  summary_.clear();
  const auto append_value = [&](const Metric& metric) {  // Summary.Value: tag = 1, simple_value = 2
    value_.clear();
    append_bytes_key(value_, 1, kind.size() + 1 + metric.name.size());
    value_.append(kind).append("/").append(metric.name);
    append_float_field(value_, 2, static_cast<float>(metric.value));
    append_bytes_key(summary_, 1, value_.size());
    summary_ += value_;
  };
  for (const Metric& metric : values) append_value(metric);
  for (const Metric& metric : times) append_value(metric);
  event_.clear();  // Event: wall_time = 1, step = 2, summary = 5
  append_double_field(event_, 1, wall_time);
  append_varint_field(event_, 2, step);
  append_bytes_key(event_, 5, summary_.size());
  event_ += summary_;
  append_record();
}

void EventFile::append_record() {
  record_.clear();
  append_little_endian(record_, std::uint64_t{event_.size()});
  append_little_endian(record_, masked_crc(record_));
  record_ += event_;
  append_little_endian(record_, masked_crc(event_));
  file_.append(record_);
  ++events_;
}

}  // namespace srwm
