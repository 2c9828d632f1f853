#include "run/test_episodes.h"

#include "core/error.h"
#include "io/file.h"
#include "io/hdf5.h"

namespace srwm {
namespace {

constexpr const char* test_episodes_format = "test_episodes";
constexpr const char* values_name = "/values";

}  // namespace

void write_test_episodes(const RunPaths& paths, std::span<const float> values, const std::string& generator) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, test_episodes_format, 1, generator);
  file.write(values_name, Tensor::of<float>({static_cast<std::int64_t>(values.size())}, values));
  write_file_atomically(paths.test_episodes(), file.image());
}

std::optional<std::vector<double>> read_test_episodes(const RunPaths& paths) {
  if (!is_there(paths.test_episodes())) return std::nullopt;
  const hdf5::File file = hdf5::File::open(paths.test_episodes());
  hdf5::expect_format(file, test_episodes_format, 1);
  const Tensor stored = file.read(values_name);
  if (stored.dtype() != DType::f32 || stored.shape().rank() != 1) {
    throw DataError("{} has no list of float32 at {}. Remove it; the run is then compared without it.",
                    paths.test_episodes().string(), values_name);
  }
  const auto values = stored.span<float>();
  return std::vector<double>(values.begin(), values.end());
}

}  // namespace srwm
