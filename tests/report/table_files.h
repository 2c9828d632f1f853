// A table in a folder of its own, with runs that were never computed.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "spec/print.h"
#include "support/temp_dir.h"
#include "tasks/fewshot/fewshot_spec.h"

namespace srwm::test {

/// Creates the folders above the file.
inline void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path, std::ios::binary) << text;
}

/// Two rows, a ("A") and b ("B"), of 100 steps each, with seeds 1 and 2.
class TableFiles {
 public:
  TableFiles() {
    write_spec("a", R"("figures": {"published": 0.75, "source": "somebody", "expected": 0.5, "cost": "a day"})");
    write_spec("b", R"("comment": "")");
    write(
        table() / "table.json",
        R"({"title": "Two", "seeds": [1, 2], "rows": {"b": "B", "a": "A"}, "others": {"C & D|": 0.25}, "others_source": "them"})");
  }

  std::filesystem::path table() const { return dir_ / "tables/two"; }
  std::filesystem::path runs() const { return dir_ / "runs"; }
  std::filesystem::path run(const std::string& row, int seed) const {
    return runs() / fmt::format("two-{}-s{}", row, seed);
  }
  void write_spec(const std::string& row, const std::string& more) const {
    write(table() / (row + ".json"), fmt::format(R"({{"name": "two-{}", "train": {{"steps": 100}}, {}}})", row, more));
  }
  std::string spec_json(const std::string& row, int seed, const std::string& setting = "seed=1") const {
    const std::string overrides[] = {setting, fmt::format("seed={}", seed)};
    return to_json(load_spec(table() / (row + ".json"), overrides));
  }

  /// A run that is complete, of the row's spec changed by `setting`.
  void finish(const std::string& row, int seed, double accuracy, const std::string& setting = "seed=1",
              const std::string& digest = "d1") const {
    const nlohmann::json result = {{"test", {{"accuracy", accuracy}, {"ci95", 0.01 * seed}, {"episodes", 100}}},
                                   {"validation", {{"accuracy", accuracy / 2}, {"step", 50}}},
                                   {"wall_seconds", 60},
                                   {"data_digest", digest},
                                   {"spec", nlohmann::json::parse(spec_json(row, seed, setting))}};
    write(run(row, seed) / "result.json", result.dump());
    write(run(row, seed) / "DONE", "");
  }
  /// A run that was stopped.
  void begin(const std::string& row, int seed, const std::string& setting = "seed=1") const {
    write(run(row, seed) / "spec.json", spec_json(row, seed, setting));
    write(run(row, seed) / "metrics.jsonl",
          "{\"step\":30,\"kind\":\"train\"}\n{\"step\":40,\"kind\":\"train\"}\n{\"st");
  }

 private:
  TempDir dir_;
};

}  // namespace srwm::test
