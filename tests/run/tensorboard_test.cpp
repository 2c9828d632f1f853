#include "run/tensorboard.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>

#include "io/file.h"
#include "support/temp_dir.h"

using namespace srwm;
namespace fs = std::filesystem;

namespace {

std::string hex(std::string_view bytes) {
  std::string text;
  for (const char byte : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return text;
}

void write_one(EventFile& file, std::int64_t step, double loss) {
  const std::vector<Metric> values{{"loss", loss}};
  file.write(step, "train", values, {}, 1.5);
}

}  // namespace

TEST_CASE("CRC-32C gives the known answers of RFC 3720, B.4", "[tensorboard]") {
  CHECK(crc32c("") == 0);
  CHECK(crc32c("123456789") == 0xe3069283);
  CHECK(crc32c(std::string(32, '\0')) == 0x8a9136aa);
  CHECK(crc32c(std::string(32, '\xff')) == 0x62a8ab43);
  std::string ascending;
  for (int i = 0; i < 32; ++i) ascending.push_back(static_cast<char>(i));
  CHECK(crc32c(ascending) == 0x46dd794e);
}

TEST_CASE("an event file has the bytes that the format prescribes", "[tensorboard]") {
  const TempDir dir;
  const fs::path path = dir.path() / "events";
  EventFile file(path, 0);
  const std::string opening = read_text_file(path);
  CHECK(hex(opening.substr(0, 8)) == "1800000000000000");     // 24 bytes
  CHECK(hex(opening.substr(12, 9)) == "090000000000000000");  // wall_time 0
  CHECK(hex(opening.substr(21, 2)) == "1a0d");                // file_version, 13 bytes
  CHECK(opening.substr(23, 13) == "brain.Event:2");
  write_one(file, 300, 0.5);
  const std::string event = read_text_file(path).substr(opening.size());
  CHECK(hex(event.substr(12, 9)) == "09000000000000f83f");  // wall_time 1.5
  CHECK(hex(event.substr(21, 3)) == "10ac02");              // step 300
  CHECK(hex(event.substr(24, 4)) == "2a130a11");            // summary of 19 bytes, value of 17
  CHECK(hex(event.substr(28, 2)) == "0a0a");                // tag of 10
  CHECK(event.substr(30, 10) == "train/loss");
  CHECK(hex(event.substr(40, 5)) == "150000003f");  // simple_value 0.5
  CHECK(event.size() == 12 + 33 + 4);
}

TEST_CASE("events go on after those of the checkpoint", "[tensorboard]") {
  const TempDir dir;
  const fs::path path = dir.path() / "events";
  {
    EventFile file(path, 0);
    for (int step = 1; step <= 4; ++step) write_one(file, step, 0.5);
    CHECK(file.events() == 4);
  }
  const std::string whole = read_text_file(path);

  SECTION("whole events beyond it are cut off") {
    EventFile file(path, 3);
    CHECK(file.events() == 3);
    CHECK(read_text_file(path).size() < whole.size());
    write_one(file, 4, 0.5);
    CHECK(read_text_file(path) == whole);
  }
  SECTION("so are torn ones") {
    write_file_atomically(path, whole.substr(0, whole.size() - 1));
    EventFile file(path, 4);
    CHECK(file.events() == 3);
    write_one(file, 4, 0.5);
    CHECK(read_text_file(path) == whole);
  }
  SECTION("and what is no event file") {
    write_file_atomically(path, "this is no event file, but long enough for one");
    EventFile file(path, 4);
    CHECK(file.events() == 0);
  }
  SECTION("a new run begins with the opening record alone") {
    EventFile file(path, 0);
    CHECK(file.events() == 0);
    CHECK(read_text_file(path).size() == 12 + 24 + 4);
  }
}
