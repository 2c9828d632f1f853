#include "io/png.h"

#include <algorithm>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <png.h>

#include "core/error.h"
#include "support/temp_dir.h"

using namespace srwm;

TEST_CASE("a written PNG picture holds the pixels that were given", "[png]") {
  const TempDir dir;
  const std::string path = dir.path() / "a.png";
  for (const std::int64_t channels : {1, 3}) {
    const Tensor picture = Tensor::owning({5, 7, channels}, DType::u8);
    for (std::int64_t i = 0; i < picture.numel(); ++i)
      picture.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37);
    write_png(picture, path);
    png_image image{};
    image.version = PNG_IMAGE_VERSION;
    REQUIRE(png_image_begin_read_from_file(&image, path.c_str()) != 0);
    CHECK(image.width == 7);
    CHECK(image.height == 5);
    CHECK(image.format == (channels == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB));
    std::vector<std::uint8_t> pixels(static_cast<std::size_t>(picture.numel()));
    REQUIRE(png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) != 0);
    CHECK(std::equal(pixels.begin(), pixels.end(), picture.data<std::uint8_t>()));
  }
}

namespace {

/// The picture in a file with these bytes, written in hexadecimal.
std::vector<int> read_bytes(const std::string& hexadecimal) {
  const TempDir dir;
  std::ofstream file(dir / "a.png", std::ios::binary);
  for (std::size_t i = 0; i < hexadecimal.size(); i += 2) {
    file.put(static_cast<char>(std::stoi(hexadecimal.substr(i, 2), nullptr, 16)));
  }
  file.close();
  const Tensor picture = read_png(dir / "a.png");
  const auto pixels = picture.span<std::uint8_t>();
  std::vector<int> values{static_cast<int>(picture.dim(0)), static_cast<int>(picture.dim(1)),
                          static_cast<int>(picture.dim(2))};
  values.insert(values.end(), pixels.begin(), pixels.end());
  return values;
}

// Made by Pillow 9.4.
constexpr const char* palette_with_transparent_green =
    "89504e470d0a1a0a0000000d49484452000000020000000202030000000fd8e5b70000000c504c5445ff000000ff000a141e000000a18672"
    "9d0000000274524e53ff00e5b7304a0000000c49444154789c63106098000000c400a1165cba960000000049454e44ae426082";
constexpr const char* grey_with_alpha =
    "89504e470d0a1a0a0000000d49484452000000020000000108040000005e2bb7010000000d49444154789c634cf9cfd00800051801e62dbf"
    "ec1d0000000049454e44ae426082";
constexpr const char* sixteen_bits =
    "89504e470d0a1a0a0000000d49484452000000030000000110000000006e1b972b0000000f49444154789c6360604849f9ff1f0005c002c7"
    "1d3979740000000049454e44ae426082";

}  // namespace

TEST_CASE("a PNG picture is read as it was written", "[png]") {
  const TempDir dir;
  for (const std::int64_t channels : {1, 3}) {
    const Tensor picture = Tensor::owning({5, 7, channels}, DType::u8);
    for (std::int64_t i = 0; i < picture.numel(); ++i)
      picture.data<std::uint8_t>()[i] = static_cast<std::uint8_t>(i * 37);
    write_png(picture, dir / "a.png");
    const Tensor read = read_png(dir / "a.png");
    CHECK(read.shape() == picture.shape());
    CHECK(std::ranges::equal(read.span<std::uint8_t>(), picture.span<std::uint8_t>()));
  }
}

TEST_CASE("palettes, transparency and 16 bits are brought to bytes on white", "[png]") {
  using Values = std::vector<int>;
  CHECK(read_bytes(palette_with_transparent_green) ==
        Values{2, 2, 3, 255, 0, 0, 255, 255, 255, 10, 20, 30, 255, 255, 255});
  CHECK(read_bytes(grey_with_alpha) == Values{1, 2, 1, 100, 177});
  CHECK(read_bytes(sixteen_bits) == Values{1, 3, 1, 0, 100, 255});
}

TEST_CASE("what is no whole PNG picture is a data error", "[png]") {
  const TempDir dir;
  using Catch::Matchers::Contains;
  std::ofstream(dir / "a.png") << "GIF89a";
  CHECK_THROWS_WITH(read_png(dir / "a.png"), Contains("a.png is no whole PNG picture: "));
  CHECK_THROWS_AS(read_png(dir / "none.png"), DataError);
  CHECK_THROWS_AS(read_bytes(std::string(palette_with_transparent_green).substr(0, 180)), DataError);
}

TEST_CASE("a picture that cannot be written is a data error", "[png]") {
  const Tensor picture = Tensor::owning({2, 2, 1}, DType::u8);
  CHECK_THROWS_AS(write_png(picture, "/nowhere/at/all.png"), DataError);
}
