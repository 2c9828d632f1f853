#include "core/memory.h"

#include <cmath>
#include <fstream>
#include <new>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "core/tensor.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

constexpr double kibibyte = 1024;

void write(const std::filesystem::path& path, const std::string& text) {
  std::filesystem::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

}  // namespace

TEST_CASE("the memory that is left is the least that machine and cgroup leave") {
  const TempDir dir;
  const MemoryFiles files{dir / "meminfo", dir / "statm", dir / "cgroup", dir / "mount"};
  CHECK(std::isinf(available_memory(files)));
  write(files.meminfo, "MemTotal:  4000 kB\nMemAvailable:    3000 kB\nSwapFree: 500 kB\n");
  CHECK(available_memory(files) == 3500 * kibibyte);
  write(files.cgroup, "0::/job/step\n");
  write(files.cgroup_mount / "job/memory.max", "2048000\n");
  write(files.cgroup_mount / "job/memory.current", "1024000\n");
  write(files.cgroup_mount / "job/memory.stat", "anon 5\ninactive_file 24000\nactive_file 7\n");
  CHECK(available_memory(files) == 2048000 - 1024000 + 24007);
  write(files.cgroup_mount / "job/step/memory.max", "max\n");
  write(files.cgroup_mount / "job/step/memory.current", "1024\n");
  CHECK(available_memory(files) == 1048007);
  write(files.cgroup, "5:cpu,memory:/old\n");
  write(files.cgroup_mount / "cpu,memory/old/memory.limit_in_bytes", "1000\n");
  write(files.cgroup_mount / "cpu,memory/old/memory.usage_in_bytes", "2000\n");
  CHECK(available_memory(files) == 0);
}

TEST_CASE("what does not fit is refused before memory is taken") {
  CHECK(available_memory() > 0);
  CHECK_THROWS_WITH(require_memory(1e18, "a test", "Do not."),
                    Contains("MiB for a test are more than the") && Contains("can use. Do not."));
  CHECK_NOTHROW(require_memory(1, "a test", ""));
  CHECK_THROWS_AS(Tensor::owning({std::int64_t{1} << 50}, DType::u8), std::bad_alloc);
}
