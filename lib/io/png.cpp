#include "io/png.h"

#include <cstring>
#include <vector>

#include <png.h>

#include "core/version.h"
#include "io/file.h"

namespace srwm {

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

std::string png_library_version() {
  return loaded_version(png_get_libpng_ver(nullptr), PNG_LIBPNG_VER_STRING);
}

}  // namespace srwm
