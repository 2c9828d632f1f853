// Provokes every entry of the section "Watching and comparing runs" of docs/errors.md.
#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "errors/errors_page.h"
#include "io/file.h"
#include "io/hdf5.h"

using namespace srwm::test;

namespace {

/// A run that ended without having been computed.
void write_result(const std::filesystem::path& folder, const std::string& spec, const std::string& sections) {
  std::filesystem::create_directories(folder);
  write_text(folder / "spec.json", spec);
  write_text(folder / "result.json", R"({"wall_seconds": 1, "data_digest": null, "spec": )" + spec + sections + "}");
  write_text(folder / "DONE", "");
}

}  // namespace

TEST_CASE("errors page: watching and comparing runs", "[errors]") {
  ErrorSection section("Watching and comparing runs");
  const TempDir dir;
  section.saw(run_srwm({"status", (dir / "none").string()}));
  const std::string small = (dir / "small").string(), agent = (dir / "agent").string(),
                    empty = (dir / "empty").string();
  write_result(small, R"({"name": "small"})", R"(, "test": {"accuracy": 0.5, "ci95": 0.1})");
  write_result(agent, R"({"task": "rl", "name": "agent", "env": {"games": ["signpost"]}})",
               R"(, "splits": ["train"], "train": {"mean_return": 1}, "test": {"mean_return": 1})");
  write_result(empty, R"({"name": "empty", "test": {"episodes": 0}})", "");
  std::filesystem::create_directory(dir / "nothing");
  section.saw(run_srwm({"compare", (dir / "nothing").string()}));
  section.saw(run_srwm({"compare", small, agent}));
  section.saw(run_srwm({"compare", empty}));
  section.saw(run_srwm({"compare", small, "--by", "model.core.head"}));
  srwm::hdf5::File file = srwm::hdf5::File::in_memory();
  srwm::hdf5::write_introduction(file, "test_episodes", 1, "a test");
  file.write_integers("/values", {1, 2});
  srwm::write_file(small + "/test_episodes.h5", file.image());
  section.saw(run_srwm({"compare", small}));
}
