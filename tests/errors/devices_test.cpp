// Provokes every entry of the sections "Devices" and "Mistakes in srwm" of docs/errors.md, but for those that need
// another machine.
#include <catch2/catch.hpp>

#include "cli/small_run.h"
#include "core/error.h"
#include "errors/errors_page.h"
#include "ops/op.h"

using namespace srwm;
using namespace srwm::test;

namespace {

void run(ErrorSection& section, const std::filesystem::path& program, const std::vector<std::string>& arguments) {
  CAPTURE(arguments);
  section.saw(run_program(program, arguments));
}

}  // namespace

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
#ifdef __SANITIZE_ADDRESS__
  section.cannot_provoke("Out of memory.");  // the sanitizer ends the program itself
  section.cannot_provoke("Out of memory:");
#else
  run(section, srwm_binary(),
      train_arguments(dir.path(), "run",
                      {"--set", "data.glyphs.train_classes=20000", "--set", "data.glyphs.images_per_class=1000",
                       "--set", "data.glyphs.image_size=256"}));
  run(section, srwm_binary(),
      {"data", "glyphs", "--out", (dir / "x.h5").string(), "--train-classes", "1000000", "--images", "2000", "--size",
       "512"});
#endif
  section.cannot_provoke("This srwm was compiled for processors with");  // this machine has what it was compiled for
}

TEST_CASE("errors about tensors are those of docs/errors.md") {
  ErrorSection section("Mistakes in srwm");
  section.provoke([] { shape_error("linear", "x", "f32 [2, 3]", "f32 [2, 4]"); });
}
