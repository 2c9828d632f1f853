// Pictures: bytes are a size, a number of channels and pixels. What libpng reads back is what was given; a picture that
// cannot be made is a DataError.
#include <cstring>

#include <png.h>

#include "core/error.h"
#include "fuzz/decisions.h"
#include "fuzz/target.h"
#include "io/png.h"
#include "support/temp_dir.h"

namespace srwm::fuzz {
namespace {

void compare(const Tensor& picture, const std::filesystem::path& path) {
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  expect(png_image_begin_read_from_file(&image, path.c_str()) != 0, "libpng does not read the picture");
  expect(image.height == picture.dim(0) && image.width == picture.dim(1), "another size");
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  expect(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0, "libpng does not read the pixels");
  expect(pixels.size() == picture.bytes() && std::memcmp(pixels.data(), picture.raw(), pixels.size()) == 0,
         "other pixels");
}

void write_and_read(Decisions decisions) {
  static const TempDir folder;
  const Shape shape{static_cast<std::int64_t>(decisions.below(40)), static_cast<std::int64_t>(decisions.below(300)),
                    decisions.one_in(2) ? 1 : 3};
  const Tensor picture = Tensor::owning(shape, DType::u8);
  for (std::uint8_t& pixel : picture.span<std::uint8_t>()) pixel = decisions.byte();
  try {
    write_png(picture, folder / "picture.png");
  } catch (const DataError&) {
    return expect(picture.numel() == 0, "a picture with pixels is refused");
  }
  compare(picture, folder / "picture.png");
}

}  // namespace

std::vector<std::string> seeds() {
  return {"", std::string("\x05\x00\x07\x00\x00\x00 abcdefghijklmnop", 22), std::string(200, '\xff')};
}

std::vector<std::string> tokens() {
  return {};
}

}  // namespace srwm::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  srwm::fuzz::write_and_read({data, size});
  return 0;
}
