#include "cli/small_run.h"

#include <fstream>

namespace srwm::test {

std::filesystem::path write_small_spec(const std::filesystem::path& folder, const std::string& extra) {
  const std::filesystem::path path = folder / "small.json";
  write_text(path, R"({"name": "small",
    "data": {"dataset": "glyphs", "glyphs": {"train_classes": 12, "val_classes": 5, "test_classes": 5, "images_per_class": 4}},
    "protocol": {"n_way": 3},
    "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16, "ff_factor": 2}},
    "train": {"steps": 30, "batch": 2, "report_every": 7},
    "validation": {"every": 10, "batches": 2},
    "checkpoint": {"every": 4},
    "test": {"episodes": 20})" +
                       (extra.empty() ? "" : ",\n" + extra) + "}\n");
  return path;
}

std::vector<std::string> train_arguments(const std::filesystem::path& folder, const std::string& run,
                                         const std::vector<std::string>& more) {
  std::vector<std::string> arguments{
      "train-fewshot",        "--config", (folder / "small.json").string(), "--threads", "1", "--run-dir",
      (folder / run).string()};
  arguments.insert(arguments.end(), more.begin(), more.end());
  return arguments;
}

RunResult train(const std::filesystem::path& folder, const std::string& run, const std::vector<std::string>& more) {
  return run_srwm(train_arguments(folder, run, more));
}

void write_text(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace srwm::test
