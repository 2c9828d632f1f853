#include "io/png.h"

#include <algorithm>
#include <cctype>
#include <cstring>
#include <system_error>

#include <png.h>

#include "core/error.h"
#include "core/version.h"
#include "io/file.h"

namespace srwm {
namespace {

/// What libpng keeps of a picture while it is read.
class PngReading {
 public:
  PngReading() {
    std::memset(&image_, 0, sizeof image_);
    image_.version = PNG_IMAGE_VERSION;
  }
  PngReading(const PngReading&) = delete;
  PngReading& operator=(const PngReading&) = delete;
  ~PngReading() { png_image_free(&image_); }

  png_image& operator*() const { return image_; }

 private:
  mutable png_image image_;
};

[[noreturn]] void refuse_png(const std::filesystem::path& path, const png_image& image) {
  throw DataError("{} is no whole PNG picture: {}. data_scripts/pack_folder.py reads other formats.", path.string(),
                  image.message);
}

/// From pixels whose last channel says how much they hide of the white behind them.
Tensor over_white(const std::vector<std::uint8_t>& pixels, const Shape& shape) {
  Tensor picture = Tensor::owning(shape, DType::u8);
  const std::uint8_t* from = pixels.data();
  std::uint8_t* to = picture.data<std::uint8_t>();
  for (std::int64_t i = shape[0] * shape[1]; i > 0; --i) {
    const int opacity = from[shape[2]];
    for (std::int64_t c = 0; c < shape[2]; ++c)
      *to++ = static_cast<std::uint8_t>((*from++ * opacity + 255 * (255 - opacity) + 127) / 255);
    ++from;
  }
  return picture;
}

}  // namespace

void write_png(const Tensor& picture, const std::filesystem::path& path) {
  SRWM_CHECK(picture.shape().rank() == 3 && (picture.dim(2) == 1 || picture.dim(2) == 3), "a picture of shape {}",
             picture.shape().to_string());
  png_image image;
  std::memset(&image, 0, sizeof image);
  image.version = PNG_IMAGE_VERSION;
  image.height = static_cast<png_uint_32>(picture.dim(0));
  image.width = static_cast<png_uint_32>(picture.dim(1));
  image.format = picture.dim(2) == 1 ? PNG_FORMAT_GRAY : PNG_FORMAT_RGB;
  const std::uint8_t* pixels = picture.data<std::uint8_t>();
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(image);
  std::vector<std::byte> bytes(size);
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, pixels, 0, nullptr) == 0) {
    throw DataError("{} cannot be made as a PNG picture: {}.", path.string(), image.message);
  }
  bytes.resize(size);
  write_file(path, bytes);
}

Tensor read_png(const std::filesystem::path& path) {
  const std::string bytes = read_text_file(path);
  const PngReading reading;
  png_image& image = *reading;
  if (png_image_begin_read_from_memory(&image, bytes.data(), bytes.size()) == 0) refuse_png(path, image);
  constexpr std::uint64_t most_pixels = std::uint64_t{1} << 28;
  if (std::uint64_t{image.width} * image.height > most_pixels) {
    throw DataError("{} has {} x {} pixels, which are too many. Give a smaller picture.", path.string(), image.width,
                    image.height);
  }
  const bool is_grey = (image.format & PNG_FORMAT_FLAG_COLOR) == 0;
  image.flags |= PNG_IMAGE_FLAG_16BIT_sRGB;  // as all programs write them; libpng would take them for linear
  image.format = is_grey ? PNG_FORMAT_GA : PNG_FORMAT_RGBA;
  std::vector<std::uint8_t> pixels(PNG_IMAGE_SIZE(image));
  const Shape shape{image.height, image.width, is_grey ? 1 : 3};
  if (png_image_finish_read(&image, nullptr, pixels.data(), 0, nullptr) == 0) refuse_png(path, image);
  return over_white(pixels, shape);
}

std::vector<std::filesystem::path> png_files(const std::filesystem::path& folder) {
  std::vector<std::filesystem::path> files;
  std::error_code unreadable;
  for (const auto& entry : std::filesystem::directory_iterator(folder, unreadable)) {
    std::string ending = entry.path().extension().string();
    std::ranges::transform(ending, ending.begin(), [](unsigned char c) { return std::tolower(c); });
    if (ending == ".png") files.push_back(entry.path());
  }
  std::ranges::sort(files);
  return files;
}

std::string png_library_version() {
  return loaded_version(png_get_libpng_ver(nullptr), PNG_LIBPNG_VER_STRING);
}

}  // namespace srwm
