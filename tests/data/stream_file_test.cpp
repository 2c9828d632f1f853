// Files of labeled examples: what is read, and what is refused with which words.
#include "data/stream_file.h"

#include <functional>
#include <limits>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "data/describe.h"
#include "io/file.h"
#include "io/hdf5.h"
#include "support/hdf5_editor.h"
#include "support/temp_dir.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

/// Two sequences of two examples with three inputs, 4 classes, 5 cells.
std::filesystem::path write_stream(const TempDir& dir, const std::string& name, DType real = DType::f32) {
  const auto reals = [&](Shape shape) {
    Tensor tensor = Tensor::owning(shape, real);
    for (std::int64_t i = 0; i < tensor.numel(); ++i) {
      if (real == DType::f32) tensor.data<float>()[i] = static_cast<float>(i) - 3;
      if (real == DType::f64) tensor.data<double>()[i] = static_cast<double>(i) - 3;
    }
    return tensor;
  };
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "stream", 1, "test");
  file.set_attribute("/", "classes", std::int64_t{4});
  file.write("/inputs", reals({2, 2, 3}));
  file.write("/labels", Tensor::of<std::int32_t>({2, 2}, std::array{0, 3, 1, 2}));
  file.write("/cells", reals({2, 5}));
  write_file_atomically(dir / name, file.image());
  return dir / name;
}

/// What reading says after a change; empty if nothing.
std::string refusal(const std::function<void(Hdf5Editor&)>& change) {
  TempDir dir;
  const std::filesystem::path path = write_stream(dir, "s.h5");
  {
    Hdf5Editor editor(path);
    change(editor);
  }
  try {
    read_stream_file(path);
  } catch (const DataError& error) {
    return error.what();
  }
  return {};
}

}  // namespace

TEST_CASE("a stream file is read as it is, in either width of real numbers", "[data]") {
  TempDir dir;
  const StreamFile stream = read_stream_file(write_stream(dir, "s.h5", GENERATE(DType::f32, DType::f64)));
  CHECK(stream.classes == 4);
  CHECK((stream.inputs.shape() == Shape{2, 2, 3}));
  CHECK(stream.inputs.data<float>()[11] == 8);
  CHECK(stream.labels.data<std::int32_t>()[1] == 3);
  CHECK((stream.cells.shape() == Shape{2, 5}));
  CHECK(stream.cells.data<float>()[0] == -3);
  CHECK(describe_file(dir / "s.h5", 1).find("/inputs") != std::string::npos);
}

TEST_CASE("a stream file without cells has none, and another digest", "[data]") {
  TempDir dir;
  const std::filesystem::path path = write_stream(dir, "s.h5");
  const std::string before = read_stream_file(path).digest;
  Hdf5Editor(path).remove("/cells");
  const StreamFile stream = read_stream_file(path);
  CHECK(stream.cells.absent());
  CHECK(stream.digest != before);
}

TEST_CASE("a broken stream file is refused, with what is wrong in it", "[data]") {
  CHECK(refusal([](Hdf5Editor&) {}).empty());
  const std::vector<float> numbers(24);
  const std::vector<std::int32_t> labels{0, 1, 4, 0};
  const std::vector<std::int32_t> negative{0, -1, 0, 0};
  std::vector<double> nan(12);
  nan[5] = std::numeric_limits<double>::quiet_NaN();
  std::vector<double> large(12, 1);
  large[0] = 1e300;
  CHECK_THAT(refusal([](Hdf5Editor& file) { file.remove("/inputs"); }), Contains("/inputs"));
  CHECK_THAT(refusal([](Hdf5Editor& file) { file.remove("/labels"); }), Contains("/labels"));
  CHECK_THAT(refusal([](Hdf5Editor& file) { file.remove_attribute("/", "classes"); }), Contains("classes"));
  CHECK_THAT(refusal([](Hdf5Editor& file) { file.set_attribute("/", "classes", std::int64_t{1}); }),
             Contains("classes is 1; expected 2 to 256"));
  CHECK_THAT(refusal([](Hdf5Editor& file) { file.set_attribute("/", "srwm_format", std::string("episodes")); }),
             Contains("episodes") && Contains("stream"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/inputs", H5T_NATIVE_FLOAT, {4, 3}, numbers.data());
             }),
             Contains("/inputs is f32 [4, 3]; expected f32 or f64 [sequences, examples, inputs]"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/inputs", H5T_NATIVE_FLOAT, {2, 0, 3}, numbers.data());
             }),
             Contains("/inputs is f32 [2, 0, 3]"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/inputs", H5T_NATIVE_INT32, {2, 2, 3}, numbers.data());
             }),
             Contains("/inputs is i32"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/inputs", H5T_NATIVE_DOUBLE, {2, 2, 3}, nan.data());
             }),
             Contains("1 of the numbers in /inputs"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/inputs", H5T_NATIVE_DOUBLE, {2, 2, 3}, large.data());
             }),
             Contains("not finite in 32 bits"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/labels", H5T_NATIVE_INT32, {2, 2}, labels.data());
             }),
             Contains("/labels has a 4 in sequence 1; expected 0 to 3"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/labels", H5T_NATIVE_INT32, {2, 2}, negative.data());
             }),
             Contains("/labels has a -1 in sequence 0"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) { file.write("/labels", H5T_NATIVE_INT32, {4}, labels.data()); }),
             Contains("/labels is i32 [4]; expected integers [2, 2], one per example"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/labels", H5T_NATIVE_FLOAT, {2, 2}, numbers.data());
             }),
             Contains("/labels is f32"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/cells", H5T_NATIVE_FLOAT, {3, 4, 1}, numbers.data());
             }),
             Contains("/cells is f32 [3, 4, 1]; expected f32 or f64 [episodes, cells]"));
  CHECK_THAT(refusal([&](Hdf5Editor& file) {
               file.write("/cells", H5T_NATIVE_DOUBLE, {2, 6}, nan.data());
             }),
             Contains("/cells"));
}
