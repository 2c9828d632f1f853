#include "tasks/fewshot/predict_picture.h"

#include <algorithm>
#include <array>
#include <cmath>

namespace srwm {
namespace {

using Color = std::array<std::uint8_t, 3>;

constexpr std::int64_t frame = 4, gap = 6;  ///< pixels around a picture, and between frames
constexpr std::int64_t bar_height = 10;
constexpr std::int64_t smallest_side = 64;  ///< smaller images are enlarged
constexpr std::int64_t most_columns = 10;
constexpr Color ground{245, 245, 245};

/// Colors of equal strength, far from each other: hues a golden section of the circle apart.
Color color_of_class(std::size_t label) {
  const double hue = std::fmod(0.02 + 0.618034 * static_cast<double>(label), 1.0) * 6;
  Color color{};
  for (std::size_t c = 0; c < 3; ++c) {
    const double distance = std::abs(std::fmod(hue + 6 - 2 * static_cast<double>(c), 6.0) - 3);  // 3 where it is full
    const double share = std::clamp(distance - 1, 0.0, 1.0);
    color[c] = static_cast<std::uint8_t>(std::lround(40 + 190 * share));
  }
  return color;
}

class Sheet {
 public:
  Sheet(std::int64_t height, std::int64_t width) : pixels_(Tensor::owning({height, width, 3}, DType::u8)) {
    fill(0, 0, height, width, ground);
  }

  void fill(std::int64_t top, std::int64_t left, std::int64_t height, std::int64_t width, const Color& color) {
    for (std::int64_t h = 0; h < height; ++h) {
      for (std::int64_t w = 0; w < width; ++w) std::ranges::copy(color, at(top + h, left + w));
    }
  }

  /// The image of number `index`, each pixel as a square of `scale` x `scale`.
  void paste(const Tensor& images, std::int64_t index, std::int64_t scale, std::int64_t top, std::int64_t left) {
    const std::int64_t height = images.dim(1), width = images.dim(2), channels = images.dim(3);
    const std::uint8_t* from = images.data<std::uint8_t>() + index * height * width * channels;
    for (std::int64_t h = 0; h < height; ++h) {
      for (std::int64_t w = 0; w < width; ++w, from += channels) {
        const Color color{from[0], from[channels > 2 ? 1 : 0], from[channels > 2 ? 2 : 0]};
        fill(top + h * scale, left + w * scale, scale, scale, color);
      }
    }
  }

  Tensor pixels() const { return pixels_; }

 private:
  std::uint8_t* at(std::int64_t h, std::int64_t w) {
    return pixels_.data<std::uint8_t>() + (h * pixels_.dim(1) + w) * 3;
  }
  Tensor pixels_;
};

/// Sizes of the sheet's parts, in pixels.
struct Layout {
  std::int64_t scale, height, width;  ///< of a picture
  std::int64_t columns, support_rows, query_rows;

  Layout(const Tensor& images, const PredictOutcome& outcome) {
    scale = (smallest_side + images.dim(2) - 1) / images.dim(2);
    height = images.dim(1) * scale;
    width = images.dim(2) * scale;
    const std::int64_t most_shots = *std::ranges::max_element(outcome.shots);
    const auto queries = static_cast<std::int64_t>(outcome.answers.size());
    columns = std::max(most_shots, std::min(queries, most_columns));
    support_rows = std::ssize(outcome.classes);
    query_rows = (queries + columns - 1) / columns;
  }
  std::int64_t cell_width() const { return width + 2 * frame + gap; }
  std::int64_t support_height() const { return height + 2 * frame + gap; }
  std::int64_t query_height() const { return support_height() + bar_height; }
  std::int64_t queries_top() const { return gap + support_rows * support_height() + 2 * gap; }
};

/// The parts of the bar lie side by side in the order of the classes.
void draw_bar(Sheet& sheet, const std::vector<double>& probabilities, std::int64_t top, std::int64_t left,
              std::int64_t width) {
  double begin = 0;
  for (std::size_t label = 0; label < probabilities.size(); ++label) {
    const double end = begin + probabilities[label];
    const auto from = std::lround(begin * static_cast<double>(width)),
               to = std::lround(end * static_cast<double>(width));
    sheet.fill(top, left + from, bar_height, to - from, color_of_class(label));
    begin = end;
  }
}

}  // namespace

Tensor draw_answers(const Tensor& images, const PredictOutcome& outcome) {
  const Layout layout(images, outcome);
  Sheet sheet(layout.queries_top() + layout.query_rows * layout.query_height(),
              gap + layout.columns * layout.cell_width());
  std::int64_t image = 0;
  const auto draw = [&](std::int64_t top, std::int64_t column, std::size_t label) {
    const std::int64_t left = gap + column * layout.cell_width();
    sheet.fill(top, left, layout.height + 2 * frame, layout.width + 2 * frame, color_of_class(label));
    sheet.paste(images, image++, layout.scale, top + frame, left + frame);
    return left;
  };
  for (std::size_t label = 0; label < outcome.shots.size(); ++label) {
    const std::int64_t top = gap + static_cast<std::int64_t>(label) * layout.support_height();
    for (std::int64_t shot = 0; shot < outcome.shots[label]; ++shot) draw(top, shot, label);
  }
  for (std::size_t i = 0; i < outcome.answers.size(); ++i) {
    const auto place = static_cast<std::int64_t>(i);
    const std::int64_t top = layout.queries_top() + place / layout.columns * layout.query_height();
    const std::int64_t left = draw(top, place % layout.columns, outcome.answers[i].label());
    draw_bar(sheet, outcome.answers[i].probabilities, top + layout.height + 2 * frame, left, layout.width + 2 * frame);
  }
  return sheet.pixels();
}

}  // namespace srwm
