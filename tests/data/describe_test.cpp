#include "data/describe.h"

#include <catch2/catch.hpp>

#include "data/contact_sheet.h"
#include "data/glyphs.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

ClassDataset small_dataset() {
  GlyphOptions options;
  options.image_size = 10;
  options.train_classes = 6;
  options.val_classes = options.test_classes = 5;
  options.images_per_class = 3;
  return make_glyphs(options, 1);
}

/// Those of an image of 10 x 10.
std::span<std::uint8_t> pixels(const ClassSplit& split, std::size_t image) {
  return split.images.span<std::uint8_t>().subspan(100 * image, 100);
}

}  // namespace

TEST_CASE("each kind of file is described", "[describe]") {
  const TempDir dir;
  const std::filesystem::path path = dir.path() / "file.h5";
  const ClassDataset dataset = small_dataset();
  write_class_dataset(dataset, path, "srwm test");
  CHECK_THAT(describe_file(path, 1), Contains("classes, format version 1, written by srwm test") &&
                                         Contains("6 classes x 3 images: train/glyph0001 ... train/glyph0006") &&
                                         Contains(dataset.digest) && Contains("nearest neighbour in pixels"));

  write_episode_file(draw_episodes(dataset.test, {}, 1, Stream::test_episodes, 4, 1), path, "srwm test");
  CHECK_THAT(describe_file(path, 1), Contains("4 episodes of 6 images 10 x 10 x 1: protocol sync, 5-way 1-shot"));
  CHECK(contact_sheet_of_file(path, "train", 3).shape() == Shape{3 * 12 + 2, 6 * 12 + 2, 1});

  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "checkpoint", 1, "srwm test");
  file.write("/model/weight", Tensor::owning({3, 4}, DType::f32));
  file.write_strings("/log", {"a"});
  file.set_attribute("/progress", "step", 12);
  file.set_attribute("/progress", "spec", std::string("{\n}"));
  write_file_atomically(path, file.image());
  CHECK_THAT(describe_file(path, 1), Contains("checkpoint, format version 1") && Contains("progress/step: 12\n") &&
                                         Contains("progress/spec: { ...\n") && Contains("f32     [3, 4]") &&
                                         Contains("12 numbers under /model") && Contains("strings"));
  CHECK_THROWS_WITH(contact_sheet_of_file(path, "train", 3), Contains("has no images"));
}

TEST_CASE("blank images, equal images and equal names are counted", "[describe]") {
  const TempDir dir;
  const std::filesystem::path path = dir.path() / "file.h5";
  ClassDataset dataset = small_dataset();
  write_class_dataset(dataset, path, "srwm test");
  for (const char* words : {"blank", "pixels of an image in another", "names of classes are in more"}) {
    CHECK_THAT(describe_file(path, 1), !Contains(words));
  }

  std::ranges::fill(pixels(dataset.train, 4), std::uint8_t{200});
  std::ranges::fill(pixels(dataset.train, 9), std::uint8_t{200});
  std::ranges::fill(pixels(dataset.test, 0), std::uint8_t{0});
  std::ranges::copy(pixels(dataset.val, 0), pixels(dataset.val, 1).begin());   // of one class: not counted
  std::ranges::copy(pixels(dataset.val, 3), pixels(dataset.val, 14).begin());  // classes 1 and 4
  std::ranges::copy(pixels(dataset.train, 0), pixels(dataset.train, 17).begin());
  std::ranges::copy(pixels(dataset.train, 0), pixels(dataset.test, 7).begin());
  dataset.test.class_names[3] = dataset.train.class_names[2];
  for (const int threads : {1, 3}) {
    write_class_dataset(dataset, path, "srwm test");
    const std::string text = describe_file(path, threads);
    CHECK_THAT(text, Contains("  2 of 18 images of train are blank (all pixels alike)\n"));
    CHECK_THAT(text, Contains("  1 of 15 images of test are blank (all pixels alike)\n"));
    CHECK_THAT(text, Contains("  2 images have the pixels of an image in another class, in " + std::string("val/") +
                              dataset.val.class_names[1] + " and val/" + dataset.val.class_names[4] + ", say\n"));
    CHECK_THAT(text, Contains("  3 images have the pixels of an image in another split, in train/" +
                              dataset.train.class_names[0] + " and test/" + dataset.test.class_names[2] + ", say\n"));
    CHECK_THAT(text, Contains("  1 names of classes are in more than one split, '" + dataset.train.class_names[2] +
                              "' first\n"));
  }
}

TEST_CASE("labeled datasets, and others without val, are described as such", "[describe]") {
  const TempDir dir;
  ClassDataset dataset = small_dataset();
  dataset.test = dataset.train;
  dataset.val = {};
  write_class_dataset(dataset, dir.path() / "file.h5", "srwm test");
  const std::string text = describe_file(dir.path() / "file.h5", 2);
  CHECK_THAT(text, Contains("the same classes in all splits: for streams, not for few-shot learning\n") &&
                       Contains("\n  val   none\n") && !Contains("in more than one split"));
  CHECK_THROWS_WITH(contact_sheet_of_file(dir.path() / "file.h5", "val", 3), Contains("has no split val"));

  dataset = small_dataset();
  dataset.val = {};
  write_class_dataset(dataset, dir.path() / "file.h5", "srwm test");
  CHECK_THAT(describe_file(dir.path() / "file.h5", 2), Contains("\n  val   none\n") && !Contains("for streams"));
}

TEST_CASE("a file of another program is not described", "[describe]") {
  const TempDir dir;
  write_file_atomically(dir.path() / "x.h5", hdf5::File::in_memory().image());
  CHECK_THROWS_WITH(describe_file(dir.path() / "x.h5", 1), Contains("not one of srwm's"));
}

TEST_CASE("a contact sheet shows classes as rows and images as columns", "[describe]") {
  const ClassDataset dataset = small_dataset();
  const Tensor sheet = contact_sheet(dataset.train, 3, 20);
  REQUIRE(sheet.shape() == Shape{3 * 12 + 2, 3 * 12 + 2, 1});
  const auto shown = [&](std::int64_t row, std::int64_t column, std::int64_t image) {
    for (std::int64_t h = 0; h < 10; ++h) {
      const std::uint8_t* from = dataset.train.images.data<std::uint8_t>() + (image * 10 + h) * 10;
      const std::uint8_t* at = sheet.data<std::uint8_t>() + (2 + row * 12 + h) * sheet.dim(1) + 2 + column * 12;
      if (!std::equal(at, at + 10, from)) return false;
    }
    return true;
  };
  CHECK(shown(0, 0, 0));
  CHECK(shown(1, 2, 2 * 3 + 2));  // every second of six classes
  CHECK(shown(2, 1, 4 * 3 + 1));
}

TEST_CASE("drawn episodes hold the pixels and labels that the sampler names", "[describe]") {
  const ClassDataset dataset = small_dataset();
  EpisodeOptions options;
  options.rotations = true;
  for (const Protocol protocol : {Protocol::sync, Protocol::delayed}) {
    options.protocol = protocol;
    const EpisodeFile file = draw_episodes(dataset.train, options, 3, Stream::test_episodes, 7, 2);
    EpisodeBatch drawn, stored;
    EpisodeSampler(dataset.train, options, 3, Stream::test_episodes).sample(0, 7, drawn);
    file.batch(0, 7, stored);
    CHECK(stored.target == drawn.target);
    CHECK(stored.label_in == drawn.label_in);
    const Tensor from_file = Tensor::owning({drawn.positions(), 10, 10, 1}, DType::f32);
    const Tensor from_dataset = Tensor::owning({drawn.positions(), 10, 10, 1}, DType::f32);
    gather_images(file.images, stored, {}, {}, 1, from_file);
    gather_images(dataset.train.images, drawn, {}, {}, 1, from_dataset);
    CHECK(std::ranges::equal(from_file.span<float>(), from_dataset.span<float>()));
  }
  options.protocol = Protocol::sync;
  options.queries = 2;
  CHECK_THROWS_AS(draw_episodes(dataset.train, options, 3, Stream::test_episodes, 7, 2), InternalError);
}
