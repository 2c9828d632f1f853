#include "data/contact_sheet.h"

#include <algorithm>
#include <functional>

namespace srwm {
namespace {

constexpr std::int64_t gap = 2;  ///< pixels between images
constexpr std::uint8_t gap_grey = 96;

/// Pictures have one or three channels: a second channel is not shown, nor a fourth.
void paste(const Tensor& images, std::int64_t image, const Tensor& sheet, std::int64_t top, std::int64_t left) {
  const std::int64_t height = images.dim(1), width = images.dim(2), from_channels = images.dim(3);
  const std::int64_t channels = sheet.dim(2);
  const std::uint8_t* from = images.data<std::uint8_t>() + image * height * width * from_channels;
  for (std::int64_t h = 0; h < height; ++h) {
    std::uint8_t* to = sheet.data<std::uint8_t>() + ((top + h) * sheet.dim(1) + left) * channels;
    for (std::int64_t w = 0; w < width; ++w, from += from_channels) to = std::copy_n(from, channels, to);
  }
}

/// image_at(row, column) is an index into `images`, or -1 for an empty place.
Tensor lay_out(const Tensor& images, std::int64_t rows, std::int64_t columns,
               const std::function<std::int64_t(std::int64_t, std::int64_t)>& image_at) {
  const std::int64_t height = images.dim(1) + gap, width = images.dim(2) + gap;
  Tensor sheet = Tensor::owning({rows * height + gap, columns * width + gap, images.dim(3) < 3 ? 1 : 3}, DType::u8);
  std::fill_n(sheet.data<std::uint8_t>(), sheet.numel(), gap_grey);
  for (std::int64_t row = 0; row < rows; ++row) {
    for (std::int64_t column = 0; column < columns; ++column) {
      const std::int64_t image = image_at(row, column);
      if (image >= 0) paste(images, image, sheet, gap + row * height, gap + column * width);
    }
  }
  return sheet;
}

}  // namespace

Tensor contact_sheet(const Tensor& images, std::int64_t columns) {
  const std::int64_t count = images.dim(0), rows = (count + columns - 1) / columns;
  return lay_out(images, rows, std::min(columns, count), [&](std::int64_t row, std::int64_t column) {
    const std::int64_t image = row * columns + column;
    return image < count ? image : -1;
  });
}

Tensor contact_sheet(const ClassSplit& split, std::int64_t classes, std::int64_t images) {
  const std::int64_t rows = std::min(classes, split.classes());
  std::size_t most = 0;
  for (const auto& members : split.members) most = std::max(most, members.size());
  return lay_out(split.images, rows, std::min(images, static_cast<std::int64_t>(most)),
                 [&](std::int64_t row, std::int64_t column) -> std::int64_t {
                   const auto& members = split.members[static_cast<std::size_t>(row * split.classes() / rows)];
                   return column < std::ssize(members) ? members[static_cast<std::size_t>(column)] : -1;
                 });
}

Tensor contact_sheet(const EpisodeFile& episodes, std::int64_t rows) {
  return lay_out(episodes.images, std::min(rows, episodes.episodes()), episodes.length(),
                 [&](std::int64_t row, std::int64_t column) { return row * episodes.length() + column; });
}

}  // namespace srwm
