#include "bench/compare.h"

#include <catch2/catch.hpp>
#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "bench/document.h"
#include "core/error.h"
#include "io/file.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

BenchResult result(const std::string& name, double median, double spread) {
  return {.name = name, .timing = {.median = median, .best = median, .spread = spread, .calls = 9, .repeats = 9}};
}

/// Writes a benchmark of these results as the binary does.
std::filesystem::path write(const std::filesystem::path& path, const std::vector<BenchResult>& results,
                            const std::string& gpu) {
  MachinePeaks peaks{.gflops = {100, 0, 0}, .copy_gb_per_s = 10};
  nlohmann::ordered_json document = bench_document("kernels", peaks, results);
  document["gpu"] = gpu;
  write_file_atomically(path, document.dump());
  return path;
}

}  // namespace

TEST_CASE("what changed by more than the noise is marked", "[bench]") {
  TempDir folder;
  const auto before = write(folder / "a.json",
                            {result("still", 1.00, 0.001), result("slower", 1, 0.001), result("faster", 1, 0.001),
                             result("noisy", 1, 0.1), result("gone", 1, 0)},
                            "one");
  const auto after = write(folder / "b.json",
                           {result("still", 1.02, 0.001), result("slower", 1.1, 0.001), result("faster", 0.5, 0.001),
                            result("noisy", 1.3, 0.1), result("new", 1, 0)},
                           "another");
  const Comparison comparison = compare_benchmarks(before, after);
  REQUIRE(comparison.lines.size() == 4);
  CHECK_FALSE(comparison.lines[0].changed());
  CHECK(comparison.lines[1].changed());
  CHECK(comparison.lines[2].changed());
  CHECK(comparison.lines[2].ratio() == Approx(0.5));
  CHECK_FALSE(comparison.lines[3].changed());
  CHECK(comparison.only_before == std::vector<std::string>{"gone"});
  CHECK(comparison.only_after == std::vector<std::string>{"new"});
  CHECK_THAT(describe(comparison), Contains("slower") && Contains("0.500") && Contains("gpu: \"one\", \"another\""));
}

TEST_CASE("a file that is no benchmark is refused by name", "[bench]") {
  TempDir folder;
  write_file_atomically(folder / "x.json", "{}");
  CHECK_THROWS_WITH(compare_benchmarks(folder / "x.json", folder / "x.json"),
                    Contains("x.json") && Contains("srwm bench --out"));
  write_file_atomically(folder / "y.json", R"({"results": [{"name": "a"}]})");
  CHECK_THROWS_AS(compare_benchmarks(folder / "y.json", folder / "y.json"), DataError);
}

TEST_CASE("rates are held against the peak of their precision", "[bench]") {
  const MachinePeaks peaks{.gflops = {100, 200, 400}, .copy_gb_per_s = 10};
  BenchResult work = result("x", 0.5, 0);
  work.flops = 100e9;
  work.bytes = 1e9;
  work.precision = Precision::bf16;
  const Rates rates(work, peaks);
  CHECK(rates.gflops == Approx(200));
  CHECK(rates.share_of_arithmetic == Approx(0.5));
  CHECK(rates.share_of_copy == Approx(0.2));
}
