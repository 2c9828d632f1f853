// TensorBoard event files, written without TensorFlow.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "io/append_file.h"
#include "run/metrics.h"

namespace srwm {

/// CRC-32C (Castagnoli, reflected polynomial 0x82f63b78), as TFRecord uses it.
std::uint32_t crc32c(std::string_view bytes);

/// A TFRecord file of Event messages: length (u64), masked CRC of the length (u32), message, masked CRC of the message
/// (u32), all little-endian; masked: rotate right by 15, add 0xa282ead8. The first record says "brain.Event:2", each
/// further one holds the scalars of one report under the tags "<kind>/<name>".
class EventFile {
 public:
  /// Keeps the first `keep_events` events after the opening record and cuts off the rest: 0 for a new run, events() at
  /// the time of the checkpoint for a resumed one. If the file has fewer whole ones, they are kept.
  EventFile(const std::filesystem::path& path, std::int64_t keep_events);

  /// `wall_time` in seconds since 1970, shown by TensorBoard only.
  void write(std::int64_t step, std::string_view kind, std::span<const Metric> values, std::span<const Metric> times,
             double wall_time);
  void sync() { file_.sync(); }

  /// Events in the file, the opening record not counted.
  std::int64_t events() const { return events_; }

 private:
  struct Kept;
  static Kept scan(const std::filesystem::path& path, std::int64_t keep_events);
  EventFile(const std::filesystem::path& path, const Kept& kept);
  void append_record();

  AppendFile file_;
  std::int64_t events_;
  // Buffers reused from event to event.
  std::string value_, summary_, event_, record_;
};

}  // namespace srwm
