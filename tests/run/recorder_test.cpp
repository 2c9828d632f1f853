#include "run/recorder.h"

#include <limits>
#include <sstream>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "core/error.h"
#include "io/file.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;
namespace fs = std::filesystem;

namespace {

void write_one(MetricsFile& file, std::int64_t step, double loss, double seconds) {
  const std::vector<Metric> values{{"loss", loss}}, times{{"seconds", seconds}};
  file.write(step, "train", values, times);
}

/// metrics.jsonl without what the clock determines.
std::string timeless(const RunPaths& paths) {
  std::istringstream lines(read_text_file(paths.metrics()));
  std::string text;
  for (std::string line; std::getline(lines, line);) text += line.substr(0, line.find(",\"seconds\"")) + "}\n";
  return text;
}

/// The event file with its wall times blanked: 8 bytes at offset 1 of every message, and the CRC after it.
std::string timeless_events(const RunPaths& paths) {
  std::string content = read_text_file(paths.events());
  for (std::size_t at = 0; at < content.size();) {
    const std::size_t length =
        static_cast<unsigned char>(content[at]) + 256u * static_cast<unsigned char>(content[at + 1]);
    content.replace(at + 13, 8, 8, '-');
    content.replace(at + 12 + length, 4, 4, '-');
    at += 12 + length + 4;
  }
  return content;
}

void record(Recorder& recorder, std::int64_t first, std::int64_t last) {
  for (std::int64_t step = first; step <= last; ++step) {
    recorder.write(step, "train", {{"loss", 1.0 / static_cast<double>(step)}}, {{"images_per_second", 1e6 / 7}});
    if (step % 3 == 0) recorder.write(step, "validation", {{"accuracy", 0.5}});
  }
}

}  // namespace

TEST_CASE("a line of metrics is JSON whose numbers read back exactly", "[metrics]") {
  const TempDir dir;
  const fs::path path = dir.path() / "metrics.jsonl";
  MetricsFile file(path, 0);
  const double nan = std::numeric_limits<double>::quiet_NaN(), inf = std::numeric_limits<double>::infinity();
  const std::vector<Metric> values{{"a", 0.1},     {"b", 1.0 / 3}, {"c", 5e-324}, {"d", -1.7976931348623157e308},
                                   {"e", 1 << 30}, {"f", nan},     {"g", -inf},   {"h", -0.0}};
  const std::vector<Metric> times{{"seconds", 0.25}};
  file.write(std::int64_t{1} << 40, "train", values, times);
  const std::string text = read_text_file(path);
  CHECK_THAT(text, Contains(R"({"step":1099511627776,"kind":"train","a":0.1,)"));
  CHECK(text.ends_with(",\"seconds\":0.25}\n"));
  const nlohmann::json line = nlohmann::json::parse(text);
  for (const Metric& metric : values) {
    const nlohmann::json& value = line.at(std::string(metric.name));
    CAPTURE(metric.name);
    CHECK((std::isfinite(metric.value) ? value.get<double>() == metric.value : value.is_null()));
  }
}

TEST_CASE("metrics go on after the lines of the checkpoint", "[metrics]") {
  const TempDir dir;
  const fs::path path = dir.path() / "metrics.jsonl";
  {
    MetricsFile file(path, 0);
    for (int step = 1; step <= 4; ++step) write_one(file, step, 0.5, step);
    CHECK(file.lines() == 4);
    CHECK(file.seconds_before() == 0);
  }
  const std::string whole = read_text_file(path);
  const std::size_t line = whole.size() / 4;

  SECTION("whole lines beyond it are cut off") {
    MetricsFile file(path, 3);
    CHECK(file.lines() == 3);
    CHECK(file.seconds_before() == 3);
    CHECK(read_text_file(path) == whole.substr(0, 3 * line));
    write_one(file, 4, 0.5, 4);
    CHECK(read_text_file(path) == whole);
  }
  SECTION("a torn line is cut off, even if it should have been there") {
    write_file_atomically(path, whole.substr(0, whole.size() - 5));
    MetricsFile file(path, 4);
    CHECK(file.lines() == 3);
    CHECK(read_text_file(path) == whole.substr(0, 3 * line));
  }
  SECTION("a new run begins with an empty file") {
    MetricsFile file(path, 0);
    CHECK(file.lines() == 0);
    CHECK(read_text_file(path).empty());
  }
  SECTION("a file that is gone is begun again") {
    fs::remove(path);
    MetricsFile file(path, 4);
    CHECK(file.lines() == 0);
  }
}

TEST_CASE("a full disk shows when metrics are written", "[metrics]") {
  MetricsFile file("/dev/full", 0);
  CHECK_THROWS_AS(write_one(file, 1, 0.5, 1), DataError);
}

TEST_CASE("a run that is killed and resumed leaves the records of one that is not", "[recorder]") {
  const TempDir dir;
  const RunFolder straight = RunFolder::open(dir.path() / "straight", false);
  const RunFolder killed = RunFolder::open(dir.path() / "killed", false);
  std::int64_t lines = 0;
  {
    Recorder recorder(straight.paths(), 0);
    record(recorder, 1, 20);
  }
  {
    Recorder recorder(killed.paths(), 0);
    record(recorder, 1, 9);
    lines = recorder.sync();  // the checkpoint
    CHECK(lines == 9 + 3);
    record(recorder, 10, 14);  // lost by the kill
  }
  for (const fs::path& path : {killed.paths().metrics(), killed.paths().events()}) {
    fs::resize_file(path, fs::file_size(path) - 7);
  }
  {
    Recorder recorder(killed.paths(), lines);
    CHECK(recorder.seconds() > 0);
    record(recorder, 10, 20);
  }
  CHECK(timeless(killed.paths()) == timeless(straight.paths()));
  CHECK(timeless_events(killed.paths()) == timeless_events(straight.paths()));
}

TEST_CASE("records that were removed do not put line and event out of step", "[recorder]") {
  const TempDir dir;
  const RunFolder run = RunFolder::open(dir.path() / "run", false);
  {
    Recorder recorder(run.paths(), 0);
    record(recorder, 1, 9);
  }
  SECTION("the event file") {
    fs::remove(run.paths().events());
    CHECK(Recorder(run.paths(), 12).sync() == 12);
    CHECK(EventFile(run.paths().events(), 100).events() == 12);
  }
  SECTION("the metrics") {
    fs::remove(run.paths().metrics());
    CHECK(Recorder(run.paths(), 12).sync() == 0);
    CHECK(EventFile(run.paths().events(), 100).events() == 0);
  }
}
