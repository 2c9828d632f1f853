#include "data/class_dataset.h"

#include <cstdlib>
#include <fstream>
#include <functional>

#include <catch2/catch.hpp>

#include "data/glyphs.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

ClassDataset small_dataset() {
  GlyphOptions options;
  options.image_size = 9;
  options.train_classes = 3;
  options.val_classes = options.test_classes = 2;
  options.images_per_class = 4;
  return make_glyphs(options, 1);
}

/// What a class dataset file consists of; tests change one thing.
struct Parts {
  std::string format = "classes";
  std::int64_t version = 1, said_images = 4, said_classes = 2;
  Shape images{4, 3, 3, 1}, val_images{4, 3, 3, 1};
  DType images_type = DType::u8, labels_type = DType::i32;
  std::vector<std::int32_t> labels{0, 1, 1, 0};
  std::vector<double> mean{0.5}, std{0.5};
  std::string missing;  ///< dataset that is left out
};

std::filesystem::path write(const TempDir& dir, const Parts& parts) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, parts.format, parts.version, "test");
  file.set_attribute("/", "mean", parts.mean);
  file.set_attribute("/", "std", parts.std);
  for (const std::string split : {"/train", "/val", "/test"}) {
    file.set_attribute(split, "classes", parts.said_classes);
    file.set_attribute(split, "images", parts.said_images);
    const Shape& shape = split == "/val" ? parts.val_images : parts.images;
    if (parts.missing != split + "/images") file.write(split + "/images", Tensor::owning(shape, parts.images_type));
    const Tensor labels = parts.labels_type == DType::i32
                              ? Tensor::of<std::int32_t>({std::ssize(parts.labels)}, parts.labels)
                              : Tensor::owning({std::ssize(parts.labels)}, parts.labels_type);
    if (parts.missing != split + "/labels") file.write(split + "/labels", labels);
    if (parts.missing != split + "/class_names") file.write_strings(split + "/class_names", {"a", "b"});
  }
  write_file_atomically(dir.path() / "d.h5", file.image());
  return dir.path() / "d.h5";
}

}  // namespace

TEST_CASE("a class dataset is read back as it was written", "[class_dataset]") {
  const TempDir dir;
  const ClassDataset dataset = small_dataset();
  write_class_dataset(dataset, dir.path() / "a.h5", "test");
  const ClassDataset read = read_class_dataset(dir.path() / "a.h5");
  CHECK(read.digest == dataset.digest);
  CHECK(read.name == "glyphs");
  CHECK(read.mean == dataset.mean);
  CHECK(read.std == dataset.std);
  CHECK(read.test.class_names == dataset.test.class_names);
  CHECK(read.train.members == dataset.train.members);
  CHECK(read.height() == 9);
  CHECK(read.channels() == 1);
  write_class_dataset(read, dir.path() / "b.h5", "test");
  CHECK(read_text_file(dir.path() / "a.h5") == read_text_file(dir.path() / "b.h5"));
}

TEST_CASE("the digest sees pixels, labels and names", "[class_dataset]") {
  const std::string digest = small_dataset().digest;
  const auto changed = [](const std::function<void(ClassDataset&)>& change) {
    ClassDataset dataset = small_dataset();
    change(dataset);
    set_digest(dataset);
    return dataset.digest;
  };
  CHECK(changed([](ClassDataset&) {}) == digest);
  CHECK(changed([](ClassDataset& d) { d.test.images.data<std::uint8_t>()[5] ^= 1; }) != digest);
  CHECK(changed([](ClassDataset& d) { std::swap(d.val.members[0], d.val.members[1]); }) != digest);
  CHECK(changed([](ClassDataset& d) { d.train.class_names[1] += 'x'; }) != digest);
}

TEST_CASE("labels need not be sorted", "[class_dataset]") {
  const TempDir dir;
  const ClassDataset dataset = read_class_dataset(write(dir, {}));
  CHECK(dataset.name == "d");
  CHECK(dataset.val.members == std::vector<std::vector<std::int32_t>>{{0, 3}, {1, 2}});
}

TEST_CASE("each fault of a class dataset is named", "[class_dataset]") {
  const TempDir dir;
  const auto message = [&](const std::function<void(Parts&)>& spoil) -> std::string {
    Parts parts;
    spoil(parts);
    try {
      read_class_dataset(write(dir, parts));
    } catch (const DataError& error) {
      return error.what();
    }
    return "no error";
  };
  CHECK(message([](Parts&) {}) == "no error");
  CHECK_THAT(message([](Parts& p) { p.format = "episodes"; }), Contains("expected one of format 'classes'"));
  CHECK_THAT(message([](Parts& p) { p.version = 2; }), Contains("reads up to version 1"));
  CHECK_THAT(message([](Parts& p) { p.missing = "/val/labels"; }), Contains("no dataset /val/labels"));
  CHECK_THAT(message([](Parts& p) { p.missing = "/test/class_names"; }), Contains("no dataset /test/class_names"));
  CHECK_THAT(message([](Parts& p) { p.missing = "/train/images"; }), Contains("no dataset /train/images"));
  CHECK_THAT(message([](Parts& p) { p.images_type = DType::f32; }), Contains("f32 [4, 3, 3, 1]; expected u8"));
  CHECK_THAT(message([](Parts& p) { p.images = {4, 9, 1}; }), Contains("expected u8 [N, H, W, C]"));
  CHECK_THAT(message([](Parts& p) {
               p.images = p.val_images = {4, 3, 3, 5};
             }),
             Contains("5 channels; expected 1 to 4"));
  CHECK_THAT(message([](Parts& p) { p.val_images = {4, 3, 4, 1}; }), Contains("all images must have the same size"));
  CHECK_THAT(message([](Parts& p) { p.labels = {0, 1, 1}; }), Contains("expected integers [4]"));
  CHECK_THAT(message([](Parts& p) { p.labels_type = DType::f64; }), Contains("labels is f64"));
  CHECK_THAT(message([](Parts& p) { p.labels = {0, 1, 2, 0}; }), Contains("image 2 has label 2; expected 0 to 1"));
  CHECK_THAT(message([](Parts& p) { p.labels = {0, 1, -1, 0}; }), Contains("image 2 has label -1"));
  CHECK_THAT(message([](Parts& p) { p.labels = {1, 1, 1, 1}; }), Contains("the class 'a' has no images"));
  CHECK_THAT(message([](Parts& p) { p.said_images = 5; }), Contains("says that it has 5 images but holds 4"));
  CHECK_THAT(message([](Parts& p) { p.said_classes = 3; }), Contains("says that it has 3 classes but holds 2"));
  CHECK_THAT(message([](Parts& p) {
               p.mean = {0.5, 0.5};
             }),
             Contains("mean must be 1 finite number(s), one per channel"));
  CHECK_THAT(message([](Parts& p) { p.std = {0.0}; }), Contains("above 0"));
}

TEST_CASE("a dataset may be without val, and labeled ones have the same classes everywhere", "[class_dataset]") {
  const TempDir dir;
  ClassDataset dataset = small_dataset();
  CHECK_FALSE(dataset.is_labeled());
  dataset.val = {};
  write_class_dataset(dataset, dir.path() / "a.h5", "test");
  const ClassDataset disjoint = read_class_dataset(dir.path() / "a.h5");
  CHECK_FALSE(disjoint.has(Split::val));
  CHECK_FALSE(disjoint.is_labeled());

  dataset.test = dataset.train;
  set_digest(dataset);
  write_class_dataset(dataset, dir.path() / "a.h5", "test");
  const ClassDataset read = read_class_dataset(dir.path() / "a.h5");
  CHECK(read.is_labeled());
  CHECK(read.digest == dataset.digest);
  CHECK_FALSE(read.has(Split::val));
  CHECK_THROWS_WITH(read.split(Split::val), Contains("'glyphs' has no split val"));
  CHECK_THROWS_WITH(require_own_classes(read), Contains("have the same 3 classes"));
  require_shared_classes(read);

  // With a val of its own it is one all the same; with other classes in val it is not.
  dataset.val = dataset.train;
  CHECK(dataset.is_labeled());
  dataset.val.class_names[0] = "another";
  CHECK_FALSE(dataset.is_labeled());
  require_own_classes(dataset);
  CHECK_THROWS_WITH(require_shared_classes(dataset), Contains("classes of their own"));
}

TEST_CASE("a truncated class dataset is refused", "[class_dataset]") {
  const TempDir dir;
  const std::string whole = read_text_file(write(dir, {}));
  write_file_atomically(dir.path() / "cut.h5", std::string_view(whole).substr(0, whole.size() - 100));
  CHECK_THROWS_WITH(read_class_dataset(dir.path() / "cut.h5"), Contains("truncated"));
}

TEST_CASE("datasets are found by path and by name", "[class_dataset]") {
  const TempDir given, environment;
  std::ofstream(given.path() / "both.h5") << 'x';
  std::ofstream(environment.path() / "both.h5") << 'x';
  std::ofstream(environment.path() / "one.h5") << 'x';
  setenv("SRWM_DATA", environment.path().c_str(), 1);
  CHECK(find_dataset("both", given.path()) == given.path() / "both.h5");
  CHECK(find_dataset("both", "") == environment.path() / "both.h5");
  CHECK(find_dataset("one", given.path()) == environment.path() / "one.h5");
  CHECK(find_dataset(given.path() / "both.h5", "") == given.path() / "both.h5");
  CHECK(find_dataset("/elsewhere/one.h5", "") == environment.path() / "one.h5");  // it has been moved
  CHECK(find_dataset("/elsewhere/both.h5", given.path()) == given.path() / "both.h5");
  CHECK_THROWS_WITH(find_dataset(given.path() / "none.h5", ""), Contains("There is no file"));
  CHECK_THROWS_WITH(find_dataset("none", given.path()), Contains((given.path() / "none.h5").string()) &&
                                                            Contains((environment.path() / "none.h5").string()) &&
                                                            Contains("data/none.h5") && !Contains("glyphs"));
  CHECK_THROWS_WITH(find_dataset("omniglot", given.path()),
                    Contains("Did you mean omniglot28, omniglot84rgb or omniglot_background28?"));
  CHECK_THROWS_WITH(
      find_dataset("omniglot84rgb", given.path()),
      Contains("'data_scripts/pack_omniglot.py --size 84 --rgb ... --out data/omniglot84rgb.h5' packs it") &&
          !Contains("glyphs"));
  unsetenv("SRWM_DATA");
  CHECK_THROWS_WITH(find_dataset("none", ""), Contains("looked for data/none.h5."));
}
