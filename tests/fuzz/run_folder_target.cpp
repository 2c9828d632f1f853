// Run folders: a run is resumed whose checkpoint, metrics, events, result or spec somebody has changed. It goes on, or
// says why not with an Error, and a run that goes on ends with the lines it should have.
#include <fstream>

#include "core/error.h"
#include "fewshot/training_fixture.h"
#include "fuzz/hdf5_mutation.h"
#include "fuzz/target.h"
#include "io/file.h"
#include "run/run_folder.h"
#include "tasks/fewshot/fewshot_spec.h"
#include "tasks/fewshot/fewshot_type.h"
#include "train/result_text.h"

namespace srwm::fuzz {
namespace {

constexpr std::int64_t first_steps = 3, all_steps = 5;

ExperimentSpec tiny_spec(std::int64_t steps) {
  ExperimentSpec spec = test::small_spec();
  spec.data.glyphs = {.image_size = 16, .train_classes = 3, .val_classes = 3, .test_classes = 3, .images_per_class = 3};
  spec.model.vision.channels = 4;
  spec.train = {.steps = steps, .batch = 1, .report_every = 1};
  spec.validation.every = 0;
  spec.checkpoint.every = 1;
  spec.test.episodes = 1;
  return spec;
}

const std::filesystem::path& sound_run() {
  static const TempDir folder;
  static const std::filesystem::path run = [] {
    test::train(tiny_spec(first_steps), folder / "run", {.threads = 1});
    return folder / "run";
  }();
  return run;
}

/// Replaces a stretch of a text file by decisions.
void change_bytes(const std::filesystem::path& path, Decisions& decisions) {
  std::string bytes = read_text_file(path);
  const std::size_t at = decisions.below(bytes.size() + 1), length = decisions.below(40);
  bytes.replace(at, length, decisions.text(decisions.below(40)));
  std::ofstream(path, std::ios::binary) << bytes;
}

void change_run(const RunPaths& paths, Decisions& decisions) {
  const std::vector<std::filesystem::path> files{paths.metrics(), paths.events(), paths.result(), paths.spec()};
  for (int i = 0; i < 3 && !decisions.empty(); ++i) {
    if (decisions.one_in(3)) {
      mutate_hdf5(paths.latest(), decisions);
    } else if (const auto& file = decisions.one_of(files); !std::filesystem::exists(file) || decisions.one_in(8)) {
      std::filesystem::remove(file);
    } else {
      change_bytes(file, decisions);
    }
  }
}

void resume(const RunPaths& paths) {
  try {
    test::train(tiny_spec(all_steps), paths.root, {.threads = 1, .resume = true});
  } catch (const Error&) {
    return;
  }
  describe_result(fewshot_type(), paths);
  std::ifstream metrics(paths.metrics());
  std::int64_t lines = 0;
  for (std::string line; std::getline(metrics, line);) ++lines;
  expect(lines >= all_steps - first_steps && lines <= all_steps, "a run with another number of lines of metrics");
}

void change_and_resume(Decisions decisions) {
  static const TempDir folder;
  const RunPaths paths{folder / "run"};
  std::filesystem::remove_all(paths.root);
  std::filesystem::copy(sound_run(), paths.root, std::filesystem::copy_options::recursive);
  change_run(paths, decisions);
  try {
    describe_result(fewshot_type(), paths);
  } catch (const Error&) {  // a broken result is one
  }
  resume(paths);
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> decisions{""};
  for (char i = 0; i < 12; ++i) {
    decisions.push_back({0, 0, i, 0, 0, 0, i, 0, 5, 0, '{', '}', 'x', '\n', '"'});
    decisions.push_back({2, 0, 0, 0, i, 0, 5, 0, i, 0, 2, 0, i, 0, 9, 0});
  }
  return decisions;
}

std::vector<std::string> tokens() {
  return {"\n", "{\"seconds\":1e308}\n", "null", std::string(2, '\0'), std::string("\x02\0", 2)};
}

}  // namespace srwm::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  srwm::fuzz::change_and_resume({data, size});
  return 0;
}
