// Provokes every entry of the sections "Checkpoints", "Run folders", "Files and disks" and "Training" of
// docs/errors.md.
#include <limits>

#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "core/error.h"
#include "errors/errors_page.h"
#include "fewshot/training_fixture.h"
#include "io/file.h"
#include "io/file_use.h"
#include "io/png.h"
#include "run/checkpoint.h"
#include "run/run_folder.h"
#include "spec/print.h"
#include "support/hdf5_editor.h"
#include "tasks/fewshot/fewshot_type.h"
#include "tasks/vsml/evaluator.h"
#include "tasks/vsml/vsml_task.h"
#include "train/result_text.h"
#include "vsml/small_vsml_spec.h"

using namespace srwm;
using namespace srwm::test;
using Edit = std::function<void(Hdf5Editor&)>;

namespace {

/// What the page advises.
enum class Cure { other_checkpoint, init_from };

/// A fault that is put into the checkpoint of a run.
struct CheckpointFault {
  Edit spoil;
  Cure cure;
};

const std::vector<CheckpointFault> checkpoint_faults{
    {[](Hdf5Editor& e) { e.set_attribute("/progress", "best_metric", H5T_NATIVE_DOUBLE, {0}, nullptr); },
     Cure::other_checkpoint},
    {[](Hdf5Editor& e) { e.set_attribute("/progress", "step", std::int64_t{-1}); }, Cure::other_checkpoint},
    {[](Hdf5Editor& e) { e.write("/spec", H5T_C_S1, {2}, "ab"); }, Cure::other_checkpoint},
    {[](Hdf5Editor& e) {
       e.remove("/model");
       e.make_group("/model");
     },
     Cure::other_checkpoint},
    {[](Hdf5Editor& e) { e.remove("/model/out_layer.weight"); }, Cure::init_from},
    {[](Hdf5Editor& e) {
       const float value = 0;
       e.write("/model/out_layer.weight", H5T_NATIVE_FLOAT, {1, 1}, &value);
     },
     Cure::init_from},
    {[](Hdf5Editor& e) { e.set_attribute("/progress", "counters", std::string()); }, Cure::init_from},
};

ExperimentSpec short_spec() {
  ExperimentSpec spec = small_spec();
  spec.train.steps = 4;
  spec.test.episodes = 0;
  return spec;
}

void resume(const ExperimentSpec& spec, const std::filesystem::path& run, std::optional<double> max_seconds = {}) {
  srwm::test::train(spec, run, {.threads = 1, .resume = true, .max_seconds = max_seconds});
}

/// A new run of the spec, from the model in `checkpoint`.
void start_from(const std::filesystem::path& checkpoint, const ExperimentSpec& spec) {
  const TempDir dir;
  write_text(dir / "spec.json", to_json(spec));
  const RunResult result = run_srwm({"train", "--config", (dir / "spec.json").string(), "--init-from",
                                     checkpoint.string(), "--run-dir", (dir / "new").string()});
  INFO(result.err);
  CHECK(result.exit_code == 0);
}

/// Evaluation and resume with a dataset that has changed since.
void provoke_other_data(ErrorSection& section) {
  const TempDir dir;
  const auto make_dataset = [&](const char* seed) {
    const std::vector<std::string> command{
        "data", "glyphs",        "--out", (dir / "d.h5").string(), "--images", "4", "--seed", seed, "--train-classes",
        "12",   "--val-classes", "5",     "--test-classes",        "5"};
    REQUIRE(run_srwm(command).exit_code == 0);
  };
  const std::string run = (dir / "run").string(), folder = dir.path().string();
  const std::vector<std::string> command{"train-fewshot", "--config",      (dir / "small.json").string(),
                                         "--set",         "train.steps=2", "--data-dir",
                                         folder,          "--run-dir",     run,
                                         "--resume"};
  write_text(dir / "small.json", R"({"name": "small", "data": {"dataset": "d"}, "protocol": {"n_way": 3},
    "model": {"vision": {"channels": 4}, "core": {"layers": 1, "heads": 2, "hidden": 16, "ff_factor": 2}},
    "train": {"batch": 2}, "validation": {"every": 0}, "test": {"episodes": 4}})");
  make_dataset("1");
  REQUIRE(run_srwm(command).exit_code == 0);
  make_dataset("2");
  std::filesystem::remove(dir / "run/DONE");
  section.saw(run_srwm(command));
  section.saw(run_srwm({"eval", "--run", run, "--data-dir", folder}));
  // Episodes of one's own, or the original data.
  const std::string episodes = (dir / "e.h5").string();
  REQUIRE(run_srwm({"data", "episodes", "--dataset", (dir / "d.h5").string(), "--n-way", "3", "--episodes", "4",
                    "--out", episodes})
              .exit_code == 0);
  CHECK(run_srwm({"eval", "--run", run, "--episodes-file", episodes}).exit_code == 0);
  std::filesystem::create_directory(dir / "original");
  make_dataset("1");
  std::filesystem::rename(dir / "d.h5", dir / "original/d.h5");
  CHECK(run_srwm({"eval", "--run", run, "--data-dir", (dir / "original").string()}).exit_code == 0);
}

/// Something stands where the first checkpoint of a run, then a later one, is to be written.
void provoke_unwritable_checkpoints(ErrorSection& section) {
  const TempDir dir;
  write_small_spec(dir.path());
  const std::filesystem::path in_the_way = dir / "run/checkpoints/latest.h5.tmp/x";
  std::filesystem::create_directories(in_the_way);
  section.saw(train(dir.path(), "run", {"--resume"}));
  std::filesystem::remove_all(in_the_way.parent_path());
  REQUIRE(train(dir.path(), "run", {"--resume"}).exit_code == 0);
  std::filesystem::create_directories(in_the_way);
  section.saw(train(dir.path(), "run", {"--resume", "--set", "train.steps=1000"}));
  std::filesystem::remove_all(in_the_way.parent_path());
  CHECK(train(dir.path(), "run", {"--resume", "--set", "train.steps=1000"}).exit_code == 0);
}

}  // namespace

TEST_CASE("errors about checkpoints are those of docs/errors.md") {
  const TempDir dir;
  const std::filesystem::path run = dir / "run", latest = run / "checkpoints/latest.h5", sound = dir / "sound.h5";
  ErrorSection section("Checkpoints");
  ExperimentSpec spec = short_spec();
  srwm::test::train(spec, run, {.threads = 1});
  std::filesystem::copy_file(latest, sound);
  for (const CheckpointFault& fault : checkpoint_faults) {
    {
      Hdf5Editor editor(latest);
      fault.spoil(editor);
    }
    section.provoke([&] { resume(spec, run); });
    if (fault.cure == Cure::init_from) start_from(sound, spec);
    std::filesystem::copy_file(sound, latest, std::filesystem::copy_options::overwrite_existing);
    if (fault.cure == Cure::other_checkpoint) CHECK_NOTHROW(resume(spec, run));
  }
  spec.optim.rate = 0.5;
  section.provoke([&] { resume(spec, run); });
  start_from(latest, spec);
  spec = short_spec();
  spec.train.steps = 3;
  section.provoke([&] { resume(spec, run); });
  spec.train.steps = 5;
  CHECK_NOTHROW(resume(spec, run));
  const Checkpoint checkpoint = load_checkpoint(sound);
  section.provoke([&] { checkpoint.state_reader().integer("none"); });
  Checkpoint with_state = checkpoint;
  StateWriter(with_state.state).integer("one", 1);
  section.provoke([&] { with_state.state_reader().real("one"); });
  Checkpoint infinite = load_checkpoint(sound);
  infinite.model.front().tensor.data<float>()[0] = std::numeric_limits<float>::infinity();
  save_checkpoint(dir / "infinite.h5", infinite);
  section.provoke([&] { load_checkpoint(dir / "infinite.h5"); });
  provoke_other_data(section);
}

TEST_CASE("errors about run folders are those of docs/errors.md") {
  const TempDir dir;
  ErrorSection section("Run folders");
  const auto another_folder_does = [&] { CHECK_NOTHROW(RunFolder::open(dir / "another", false)); };
  {
    const RunFolder folder = RunFolder::open(dir / "run", false);
    section.provoke([&] { RunFolder::open(dir / "run", true); });
    another_folder_does();
  }
  const RunFolder folder = RunFolder::open(dir / "run", true);  // the other run has ended
  {
    const RunFolder other = RunFolder::open(dir / "other", false);
    other.write_spec("{}");
  }
  section.provoke([&] { RunFolder::open(dir / "other", false); });
  RunFolder::open(dir / "other", true).mark_done();  // --resume goes on with it
  section.provoke([&] { RunFolder::open(dir / "other", false); });

  section.provoke([&] { RunFolder::open(dir / "other/more", false); });
  section.provoke([&] { RunFolder::open(dir.path(), false); });
  std::filesystem::create_directory(dir / "given");
  write_text(dir / "given/log.txt", "{}");
  read_text_file(dir / "given/log.txt");
  section.provoke([&] { RunFolder::open(dir / "given", false); });
  another_folder_does();
  forget_file_use();

  write_text(dir / "file", "");
  section.provoke([&] { RunFolder::open(dir / "file/run", false); });

  write_text(folder.paths().result(), "[]");
  section.provoke([&] { describe_result(fewshot_type(), folder.paths()); });
  section.saw(run_srwm({"eval", "--run", (dir / "run").string()}));
}

TEST_CASE("errors about files and disks are those of docs/errors.md") {
  const TempDir dir;
  ErrorSection section("Files and disks");
  write_text(dir / "file", "");
  section.provoke([&] { write_file_atomically(dir / "file/x", ""); });
  section.provoke([&] { read_text_file(dir / "none"); });
  section.provoke([&] { make_directories(dir / "file/x"); });
  const RunFolder folder = RunFolder::open(dir / "run", false);
  std::filesystem::create_directories(folder.paths().done() / "x");
  section.provoke([&] { folder.mark_unfinished(); });
  std::filesystem::create_symlink(dir / "circle", dir / "circle");
  section.provoke([&] { is_there(dir / "circle"); });
  provoke_unwritable_checkpoints(section);
  for (const char* command : {"--version", "train-fewshot --help", "man"}) {
    section.saw(run_program("/bin/sh", {"-c", "\"$0\" $1 > /dev/full", srwm_binary(), command}));
  }
  section.provoke([&] { write_png(Tensor::owning({0, 0, 1}, DType::u8), dir / "x.png"); });
  const std::string benchmark = (dir / "bench.json").string();
  for (const char* text : {"{}", R"({"results": [{"name": "x"}]})"}) {
    write_text(benchmark, text);
    section.saw(run_srwm({"bench", "--compare", benchmark, benchmark}));
  }
}

namespace {

/// A member of a population, a rule that is evaluated, and rules that cannot be trained or run.
void provoke_errors_of_rules(ErrorSection& section, const std::filesystem::path& dir) {
  ExperimentSpec population = short_spec();
  population.train.gradient = GradientSource::evolution;
  population.train.evolution.population = 2;
  population.test.episodes = 0;
  resume(population, dir / "population");
  Checkpoint checkpoint = load_checkpoint(dir / "population/checkpoints/latest.h5");
  for (NamedTensor& entry : checkpoint.model) {
    if (entry.name == "input_proj.weight") std::ranges::fill(entry.tensor.span<float>(), 3e38f);
  }
  save_checkpoint(dir / "population/checkpoints/latest.h5", checkpoint);
  ++population.train.steps;
  section.provoke([&] { resume(population, dir / "population"); });

  VsmlSpec spec = small_vsml_spec();
  const auto data = std::make_shared<const VsmlData>(spec, "", 1);
  Context context(cpu_backend(), DType::f32, 1, 1);
  VsmlTask task(spec, context, data);
  for (Parameter& p : task.parameters().parameters()) {
    std::ranges::fill(p.value.span<float>(), std::numeric_limits<float>::quiet_NaN());
  }
  section.provoke([&] { evaluate_streams(context, task.rule(), *data, spec, {.group = "test"}); });
  spec.data.sizes = {4};
  spec.data.glyph_classes = 2;
  spec.model.hidden = {"conv 2 2"};
  VsmlTask convolution(spec, context, data);
  OnlineBatch batch{.ids = {{}},
                    .shape = {.inputs = 15, .classes = 2},
                    .x = Tensor::owning({1, 2, 15}, DType::f32),
                    .labels = Tensor::owning({1, 2}, DType::i32)};
  section.provoke([&] { convolution.rule().run(context, batch, {}); });
  VsmlTask baseline(small_baseline_spec(), context, data);
  section.provoke([&] { baseline.rule().run(context, batch, {}); });
  spec.model.kind = ModelKind::adam;
  section.provoke([&] { VsmlTask(spec, context, data); });
}

}  // namespace

TEST_CASE("how training ends early is told as in docs/errors.md") {
  const TempDir dir;
  const std::filesystem::path run = dir / "run", latest = run / "checkpoints/latest.h5";
  ErrorSection section("Training");
  ExperimentSpec spec = short_spec();
  section.provoke([&] { resume(spec, run, 1e-9); });
  resume(spec, run);
  spec.test.episodes = 100;
  section.provoke([&] { resume(spec, run, 1e-9); });

  Checkpoint checkpoint = load_checkpoint(latest);
  for (NamedTensor& entry : checkpoint.model) {
    if (entry.name == "input_proj.weight") std::ranges::fill(entry.tensor.span<float>(), 3e38f);
  }
  save_checkpoint(latest, checkpoint);
  section.saw(run_srwm({"eval", "--checkpoint", latest.string(), "--num-episodes", "4"}));
  spec.train.steps = 6;
  section.provoke([&] { resume(spec, run); });
  checkpoint.model.front().tensor.data<float>()[0] = std::numeric_limits<float>::infinity();
  section.provoke([&] { CheckpointWriter({run}, 0).save_regular(checkpoint); });
  provoke_errors_of_rules(section, run.parent_path());
}
