#include "run/host.h"

#include <fstream>

#include <catch2/catch.hpp>
#include <sched.h>

#include "support/child.h"
#include "support/temp_dir.h"

using namespace srwm;
namespace fs = std::filesystem;

namespace {

/// A made-up /proc/self/cgroup and /sys/fs/cgroup.
class CgroupTree {
 public:
  explicit CgroupTree(const std::string& list) { write("proc", list); }
  void write(const fs::path& path, const std::string& text) const {
    fs::create_directories((dir_.path() / path).parent_path());
    std::ofstream(dir_.path() / path) << text;
  }
  std::optional<double> limit() const { return cgroup_cpu_limit(dir_.path() / "proc", dir_.path() / "sys"); }

 private:
  TempDir dir_;
};

}  // namespace

TEST_CASE("the CPU quota of cgroup v2 is the smallest on the way to the root", "[environment]") {
  const CgroupTree tree("0::/slurm/job_7/step_0\n");
  CHECK_FALSE(tree.limit());
  tree.write("sys/slurm/cpu.max", "max 100000\n");
  CHECK_FALSE(tree.limit());
  tree.write("sys/slurm/job_7/cpu.max", "350000 100000\n");
  tree.write("sys/slurm/job_7/step_0/cpu.max", "800000 100000\n");
  CHECK(tree.limit() == 3.5);
}

TEST_CASE("in a container the mount point is the cgroup", "[environment]") {
  const CgroupTree tree("0::/\n");
  tree.write("sys/cpu.max", "50000 100000\n");
  CHECK(tree.limit() == 0.5);
  const CgroupTree hidden("4:cpu,cpuacct:/docker/0123\n3:memory:/docker/0123\n");
  hidden.write("sys/cpu,cpuacct/cpu.cfs_quota_us", "200000\n");
  hidden.write("sys/cpu,cpuacct/cpu.cfs_period_us", "100000\n");
  CHECK(hidden.limit() == 2);
}

TEST_CASE("the CPU quota of cgroup v1", "[environment]") {
  const CgroupTree tree("5:cpuset:/a\n4:cpu,cpuacct:/a\n");
  tree.write("sys/cpu,cpuacct/a/cpu.cfs_quota_us", "-1\n");
  tree.write("sys/cpu,cpuacct/a/cpu.cfs_period_us", "100000\n");
  CHECK_FALSE(tree.limit());
  tree.write("sys/cpu,cpuacct/a/cpu.cfs_quota_us", "150000\n");
  CHECK(tree.limit() == 1.5);
}

TEST_CASE("cgroup files that say nothing sensible are no limit", "[environment]") {
  const CgroupTree tree("nonsense\n0::/a\n");
  tree.write("sys/a/cpu.max", "\n");
  CHECK_FALSE(tree.limit());
  CHECK_FALSE(cgroup_cpu_limit("/no/such/file", "/no/such/folder"));
}

TEST_CASE("the affinity mask bounds the threads", "[environment]") {
  CHECK(default_threads() >= 1);
  Child child([] {
    cpu_set_t mask;
    CPU_ZERO(&mask);
    CPU_SET(static_cast<std::size_t>(::sched_getcpu()), &mask);
    if (::sched_setaffinity(0, sizeof(mask), &mask) != 0) return -1;
    return default_threads();
  });
  CHECK(child.wait() == 1);
}

TEST_CASE("the machine and the libraries have names", "[environment]") {
  CHECK_FALSE(host_name().empty());
  CHECK_FALSE(cpu_model().empty());
  for (const LibraryVersion& library : libraries()) {
    CAPTURE(library.name);
    CHECK(library.version.find_first_of("0123456789") != std::string::npos);
    CHECK(library.version.find("compiled against") == std::string::npos);
  }
}
