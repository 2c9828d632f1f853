// Datasets, episodes files, checkpoints: the first decisions make a sound file, the others change it
// (hdf5_mutation.h). Whoever reads the result gets a DataError, or content that can be used.
#include "fuzz/hdf5_mutation.h"
#include "fuzz/hdf5_samples.h"
#include "fuzz/target.h"
#include "support/temp_dir.h"

namespace srwm::fuzz {
namespace {

void mutate_and_read(Decisions decisions) {
  static const TempDir folder;
  const std::filesystem::path path = folder / "changed.h5";
  write_sound_file(path, decisions);
  mutate_hdf5(path, decisions);
  read_in_every_way(path);
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> decisions;
  for (const char kind : {0, 1, 2}) {
    const std::string sound{kind, 0, 1, 0, 2, 0, 0, 0, 4, 0, 2, 0, 9, 3, 0, 1, 0, 8, 5, 0, 2, 0, 7};
    decisions.push_back(sound);
    for (char i = 0; i < 8; ++i) decisions.push_back(sound + std::string{0, 0, i, 0, i, 0, 1, 0, 5, 0, 2, 0, i, 0, 7});
  }
  return decisions;
}

std::vector<std::string> tokens() {
  return {std::string(2, '\0'), std::string("\x04\0", 2), std::string("\x0c\0", 2), std::string("\x0f\0", 2)};
}

}  // namespace srwm::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  srwm::fuzz::mutate_and_read({data, size});
  return 0;
}
