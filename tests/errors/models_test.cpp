// Provokes every entry of the sections "Own pictures" and "Weights for other programs" of docs/errors.md.
#include <fstream>

#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "errors/errors_page.h"
#include "io/png.h"

using namespace srwm::test;

namespace {

/// The beginning of a PNG file of 30,000 x 30,000 pixels.
constexpr std::string_view large_png =
    "89504e470d0a1a0a0000000d4948445200007530000075300800000000434ca76600000001494441547876e684e6";

void write_hexadecimal(const std::filesystem::path& path, std::string_view text) {
  std::ofstream file(path, std::ios::binary);
  for (std::size_t i = 0; i < text.size(); i += 2) {
    file.put(static_cast<char>(std::stoi(std::string(text.substr(i, 2)), nullptr, 16)));
  }
}

}  // namespace

TEST_CASE("errors page: own pictures", "[errors][cli]") {
  ErrorSection section("Own pictures");
  const TempDir dir;
  const std::filesystem::path support = dir / "support", query = dir / "query";
  std::filesystem::create_directories(support);
  std::filesystem::create_directories(query);
  write_small_spec(dir.path());
  REQUIRE(train(dir.path(), "run").exit_code == 0);
  const auto ask = [&](const std::string& run = "run") {
    section.saw(run_srwm({"predict", "--run", (dir / run).string(), "--support", support.string(), "--query",
                          query.string(), "--threads", "1"}));
  };
  const srwm::Tensor picture = srwm::Tensor::owning({4, 4, 1}, srwm::DType::u8);
  srwm::write_png(picture, query / "0.png");
  ask();
  const auto add_class = [&](const char* name) {
    std::filesystem::create_directory(support / name);
    srwm::write_png(picture, support / name / "0.png");
  };
  add_class("a");
  ask();
  add_class("b");
  add_class("c");
  write_text(query / "0.png", "GIF89a");
  ask();
  write_hexadecimal(query / "0.png", large_png);
  ask();
  std::filesystem::remove(query / "0.png");
  ask();
  write_text(
      dir / "agent.json",
      R"({"task": "rl", "name": "a", "env": {"games": ["signpost"]}, "train": {"steps": 1}, "test": {"episodes": 0}})");
  REQUIRE(run_srwm({"train-rl", "--config", (dir / "agent.json").string(), "--threads", "1", "--run-dir",
                    (dir / "agent").string()})
              .exit_code == 0);
  ask("agent");
}

TEST_CASE("errors page: weights for other programs", "[errors][cli]") {
  ErrorSection section("Weights for other programs");
  const TempDir dir;
  write_small_spec(dir.path());
  REQUIRE(train(dir.path(), "run").exit_code == 0);
  section.saw(run_srwm({"export", "--run", (dir / "run").string(), "--out", (dir / "weights").string()}));
  const auto read = [&](const char* name, const std::string& content) {
    write_text(dir / name, content);
    section.saw(run_srwm({"import", (dir / name).string(), "--out", (dir / "out.h5").string()}));
  };
  read("a.safetensors", std::string("\2\0\0\0\0\0\0\0{}", 10));
  read("b.safetensors", "");
  read("c.npz", "");
}
