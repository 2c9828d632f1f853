// HDF5 byte by byte: the input is the file. What this finds is mostly libhdf5's, so it is run by hand and is no test.
#include <fstream>

#include "fuzz/hdf5_samples.h"
#include "fuzz/target.h"
#include "io/file.h"
#include "support/temp_dir.h"

namespace srwm::fuzz {
namespace {

const std::filesystem::path& folder() {
  static const TempDir made;
  return made.path();
}

}  // namespace

std::vector<std::string> seeds() {
  std::vector<std::string> files;
  for (const std::uint8_t kind : {0, 1, 2}) {
    const std::vector<std::uint8_t> choices{kind, 0, 1, 0, 2, 0, 0, 0, 4, 0, 2, 0, 9, 3, 0, 1, 0, 8, 5, 0, 2, 0, 7};
    Decisions decisions(choices.data(), choices.size());
    write_sound_file(folder() / "sound.h5", decisions);
    files.push_back(read_text_file(folder() / "sound.h5"));
  }
  return files;
}

std::vector<std::string> tokens() {
  return {"TREE", "HEAP", "SNOD", "GCOL", "OHDR", std::string(8, '\xff'), std::string(8, '\0')};
}

}  // namespace srwm::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::filesystem::path path = srwm::fuzz::folder() / "bytes.h5";
  std::ofstream(path, std::ios::binary).write(reinterpret_cast<const char*>(data), static_cast<std::streamsize>(size));
  srwm::fuzz::read_in_every_way(path);
  return 0;
}
