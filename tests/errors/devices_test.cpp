// Provokes every entry of the sections "Devices" and "Mistakes in srwm" of docs/errors.md, but for those that need
// another machine.
#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <sched.h>

#include "cli/small_run.h"
#include "core/error.h"
#include "errors/errors_page.h"
#include "ops/cpu/simd_level.h"
#include "ops/op.h"

using namespace srwm;
using namespace srwm::test;

namespace {

// A sanitizer ends the program itself where memory is short, and takes more addresses than any limit allows.
#if defined __SANITIZE_ADDRESS__ || defined __SANITIZE_THREAD__
constexpr bool sanitized = true;
#else
constexpr bool sanitized = false;
#endif

void run(ErrorSection& section, const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  CAPTURE(arguments);
  section.saw(run_program(program, arguments));
}

/// Runs srwm with so much address space.
RunResult run_within(int kibibytes, const std::vector<std::string>& arguments) {
  std::vector<std::string> shell{"-c", "ulimit -v $0; exec \"$@\"", std::to_string(kibibytes), srwm_binary()};
  shell.insert(shell.end(), arguments.begin(), arguments.end());
  return run_program("/bin/sh", shell);
}

/// While it lives, this process and those it starts may use one processor alone, if `on`.
class OneProcessor {
 public:
  explicit OneProcessor(bool on) {
    ::sched_getaffinity(0, sizeof(before_), &before_);
    cpu_set_t one;
    CPU_ZERO(&one);
    for (int i = 0; i < CPU_SETSIZE && CPU_COUNT(&one) == 0; ++i) {
      if (CPU_ISSET(i, &before_)) CPU_SET(i, &one);
    }
    if (on) ::sched_setaffinity(0, sizeof(one), &one);
  }
  ~OneProcessor() { ::sched_setaffinity(0, sizeof(before_), &before_); }
  OneProcessor(const OneProcessor&) = delete;
  OneProcessor& operator=(const OneProcessor&) = delete;

 private:
  cpu_set_t before_{};
};

void provoke_lack_of_memory(ErrorSection& section, const std::filesystem::path& folder) {
  run(section, srwm_binary(),
      train_arguments(folder, "run",
                      {"--set", "data.glyphs.train_classes=20000", "--set", "data.glyphs.images_per_class=1000",
                       "--set", "data.glyphs.image_size=256"}));
  run(section, srwm_binary(),
      train_arguments(
          folder, "run",
          {"--set", "train.batch=65536", "--set", "data.glyphs.image_size=128", "--set", "model.vision.channels=64"}));
  const std::vector<std::string> huge{"--set", "model.core.hidden=65536"};
  constexpr int three_gibibytes = 3 << 20;  // fewer than the first large tensor takes, so that none is filled in vain
  section.saw(run_within(three_gibibytes, train_arguments(folder, "run", huge)));
  section.saw(run_within(three_gibibytes,
                         {"bench", "--suite", "step", "--config", (folder / "small.json").string(), huge[0], huge[1]}));
  const std::string packed = (folder / "packed.h5").string();
  REQUIRE(run_srwm({"data", "glyphs", "--out", packed, "--size", "256", "--train-classes", "1000"}).exit_code == 0);
  section.saw(run_within(600000, {"data", "inspect", packed}));
  run(section, srwm_binary(),
      {"data", "glyphs", "--out", (folder / "x.h5").string(), "--train-classes", "1000000", "--images", "2000",
       "--size", "512"});
  section.saw(run_within(100000, {"--version"}));
}

void provoke_lack_of_threads(ErrorSection& section, const std::filesystem::path& folder) {
  if (sanitized || !can_run_without_threads()) {
    section.cannot_provoke("The system does not start another");
    return;
  }
  std::filesystem::permissions(folder, std::filesystem::perms::all);
  std::vector<std::string> arguments{"train-fewshot",
                                     "--config",
                                     (folder / "small.json").string(),
                                     "--run-dir",
                                     (folder / "threads").string(),
                                     "--set",
                                     "train.steps=2",
                                     "--threads",
                                     "2"};
  section.saw(run_without_threads(arguments));
  write_text(folder / "agent.json", R"({"task": "rl", "name": "agent",
    "env": {"games": ["signpost"], "settings": ["frame_size=16"], "actors": 4},
    "agent": {"channels": [4], "features": 8, "layers": 1, "heads": 2, "hidden": 8, "ff_inner": 8},
    "train": {"steps": 160, "unroll": 5, "batch": 2, "mode": "overlapped"}, "test": {"episodes": 0}})");
  section.saw(run_without_threads({"train-rl", "--config", (folder / "agent.json").string(), "--run-dir",
                                   (folder / "overlapped").string(), "--threads", "1"}));
}

}  // namespace

TEST_CASE("too little address space ends a run, and is told") {
  if (sanitized) return;
  const OneProcessor kept_from_others(GENERATE(false, true));
  // OpenBLAS tries for ever to get its buffers where it gets none.
  const TempDir dir;
  write_small_spec(dir.path());
  for (int kibibytes = 200000; kibibytes <= 800000; kibibytes += 50000) {
    CAPTURE(kibibytes);
    const std::string run = fmt::format("run{}", kibibytes);
    const RunResult result = run_within(kibibytes, train_arguments(dir.path(), run));
    CAPTURE(result.exit_code, result.err);
    CHECK_FALSE(result.timed_out);
    CHECK((result.exit_code == 0 || (result.exit_code == 4 && result.err.find("Out of memory") != std::string::npos)));
  }
}

TEST_CASE("errors about devices are those of docs/errors.md", "[cli]") {
  const TempDir dir;
  ErrorSection section("Devices");
  const std::filesystem::path program = dir / "srwm", library = dir / "libsrwm_cuda.so";
  const std::vector<std::string> on_gpu{"bench", "--device", "cuda"};
  std::filesystem::copy_file(srwm_binary(), program);
  run(section, program, on_gpu);
  write_text(library, "not a library");
  run(section, program, on_gpu);
  for (const char* other : {SRWM_LIBRARY_OF_OTHERS, SRWM_LIBRARY_OF_ANOTHER_VERSION}) {
    std::filesystem::copy_file(other, library, std::filesystem::copy_options::overwrite_existing);
    run(section, program, on_gpu);
  }
  write_small_spec(dir.path());
  run(section, srwm_binary(), train_arguments(dir.path(), "run", {"--set", "train.precision=bf16"}));
  if (sanitized) {
    for (const char* start :
         {"Out of memory. ", "Out of memory: <command>", "Out of memory: srwm cannot start",
          "Out of memory: <number> MiB for training", "Out of memory: <number> MiB for the generated",
          "Out of memory: <number> MiB for the images"}) {
      section.cannot_provoke(start);
    }
  } else {
    provoke_lack_of_memory(section, dir.path());
  }
  provoke_lack_of_threads(section, dir.path());
  section.saw(run_srwm({"bench"}, {.environment = {{"SRWM_SIMD", "avx2"}}}));
  if (cpu::machine_simd_level() == cpu::SimdLevel::v4) {
    section.cannot_provoke("The environment variable SRWM_SIMD asks for");
  } else {
    section.saw(run_srwm({"bench"}, {.environment = {{"SRWM_SIMD", "v4"}}}));
  }
  section.cannot_provoke("This srwm was compiled for processors with");  // this machine has what it was compiled for
}

TEST_CASE("errors about tensors are those of docs/errors.md") {
  ErrorSection section("Mistakes in srwm");
  section.provoke([] { shape_error("linear", "x", "f32 [2, 3]", "f32 [2, 4]"); });
}
