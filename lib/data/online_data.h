// The datasets of streams, loaded.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "data/class_dataset.h"
#include "data/glyphs.h"

namespace srwm {

/// What a stream draws from: labeled images of one split.
struct OnlineSource {
  std::string name;
  std::int64_t height = 28, width = 28, channels = 1;
  std::int64_t classes = 0;
  bool has_class_choice = false;  ///< a task draws some of its classes ("glyphs")
  Tensor images;  ///< u8, or f32 where pixels need no / 255; [N, H, W, C]; absent: "sum", drawn without end
  std::vector<std::vector<std::int32_t>> members;  ///< images of each class; a class of "random" may have none
  std::vector<double> mean{0}, std{1};             ///< per channel
};

/// The split whose images a stream draws: a dataset without /val is validated on its training images, since those of
/// test belong to the test.
Split drawn_split(const ClassDataset& dataset, Split split);

/// Datasets by name, each loaded once however many streams draw from it.
class OnlineData {
 public:
  /// DataError if a file is missing or broken.
  OnlineData(const std::vector<std::string>& names, const GlyphOptions& glyphs, const std::string& data_dir,
             int threads);

  /// Images of a split, or of drawn_split() of it. "random" has other images in every split, drawn from `seed`.
  /// DataError if the classes of a dataset differ from split to split.
  OnlineSource source(const std::string& name, Split split, std::uint64_t seed) const;
  /// A loaded dataset, "glyphs" included; SpecError for "random" and "sum", which have no splits of classes.
  const ClassDataset& dataset(const std::string& name) const;
  /// Of all datasets in the order of their names, joined by '+'.
  std::string digest() const;

 private:
  std::map<std::string, std::shared_ptr<const ClassDataset>> datasets_;  ///< null: built in, nothing loaded
};

}  // namespace srwm
