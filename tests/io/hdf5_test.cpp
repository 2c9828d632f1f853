#include "io/hdf5.h"

#include <atomic>
#include <cstring>
#include <fstream>
#include <thread>

#include <catch2/catch.hpp>
#include <hdf5.h>

#include "io/file.h"
#include "support/temp_dir.h"

using namespace srwm;
using Catch::Matchers::Contains;

namespace {

hdf5::File sample_file() {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, "classes", 1, "test");
  const std::vector<std::int32_t> integers{3, -1, 2, 7, 5, 6};
  const std::vector<double> reals{0.5, 1e-300};
  file.write("/zoo/integers", Tensor::of<std::int32_t>({3, 2}, integers));
  file.write("/zoo/animals/reals", Tensor::of<double>({2}, reals));
  file.write_strings("/zoo/names", {"ant", "", "żubr"});
  file.set_attribute("/zoo", "count", std::int64_t{1} << 40);
  file.set_attribute("/zoo", "mean", std::vector<double>{0.25, 0.5});
  file.set_attribute("/zoo", "empty", std::string());
  return file;
}

std::filesystem::path save(const TempDir& dir, const std::string& name, std::span<const std::byte> bytes) {
  const std::filesystem::path path = dir.path() / name;
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
  return path;
}

std::filesystem::path save(const TempDir& dir, const std::string& name, std::string_view text) {
  return save(dir, name, std::as_bytes(std::span(text)));
}

}  // namespace

TEST_CASE("what is written to an HDF5 file is read back", "[hdf5]") {
  const TempDir dir;
  const hdf5::File file = hdf5::File::open(save(dir, "a.h5", sample_file().image()));
  CHECK(file.has("/zoo/animals/reals"));
  CHECK_FALSE(file.has("/zoo/birds/reals"));
  CHECK(file.children("/zoo") == std::vector<std::string>{"integers", "animals", "names"});
  CHECK(file.datasets_below("/") == std::vector<std::string>{"/zoo/animals/reals", "/zoo/integers", "/zoo/names"});
  CHECK(file.shape("/zoo/integers") == Shape{3, 2});
  CHECK(file.dtype("/zoo/animals/reals") == DType::f64);
  CHECK(file.read("/zoo/animals/reals").span<double>()[1] == 1e-300);
  const Tensor rows = file.read_rows("/zoo/integers", 1, 3);
  CHECK(std::vector<std::int32_t>(rows.span<std::int32_t>().begin(), rows.span<std::int32_t>().end()) ==
        std::vector<std::int32_t>{2, 7, 5, 6});
  CHECK(file.read_strings("/zoo/names") == std::vector<std::string>{"ant", "", "żubr"});
  CHECK(file.int_attribute("/zoo", "count") == std::int64_t{1} << 40);
  CHECK(file.real_attribute("/zoo", "mean") == std::vector<double>{0.25, 0.5});
  CHECK(file.string_attribute("/zoo", "empty").empty());
  CHECK(hdf5::expect_format(file, "classes", 1) == 1);
}

TEST_CASE("files of other programs are read: variable strings, other integers, big-endian, compressed", "[hdf5]") {
  const TempDir dir;
  const std::string path = dir.path() / "foreign.h5";
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const auto add = [&](const char* name, hid_t stored, hid_t memory, hsize_t count, const void* values) {
    const hid_t space = H5Screate_simple(1, &count, nullptr), properties = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_chunk(properties, 1, &count);
    if (H5Tget_class(stored) != H5T_STRING) H5Pset_deflate(properties, 6);
    const hid_t dataset = H5Dcreate2(file, name, stored, space, H5P_DEFAULT, properties, H5P_DEFAULT);
    H5Dwrite(dataset, memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    const hid_t attribute = H5Acreate2(dataset, "same", stored, space, H5P_DEFAULT, H5P_DEFAULT);
    H5Awrite(attribute, memory, values);
    H5Aclose(attribute), H5Dclose(dataset), H5Pclose(properties), H5Sclose(space);
  };
  const hid_t text = H5Tcopy(H5T_C_S1);
  H5Tset_size(text, H5T_VARIABLE);
  const char* words[] = {"ant", "żubr"};
  const std::int64_t small[] = {-7, 70000}, large[] = {1, std::int64_t{1} << 31};
  const double reals[] = {0.5, -2.25};
  add("words", text, text, 2, words);
  add("word", text, text, 1, words);
  add("small", H5T_STD_I64BE, H5T_NATIVE_INT64, 2, small);
  add("large", H5T_STD_I64LE, H5T_NATIVE_INT64, 2, large);
  add("reals", H5T_IEEE_F32BE, H5T_NATIVE_DOUBLE, 2, reals);
  H5Tclose(text), H5Fclose(file);

  const hdf5::File read = hdf5::File::open(path);
  CHECK(read.read_strings("/words") == std::vector<std::string>{"ant", "żubr"});
  CHECK(read.string_attribute("/word", "same") == "ant");
  CHECK(read.dtype("/small") == DType::i32);
  CHECK(read.read("/small").data<std::int32_t>()[1] == 70000);
  CHECK_THROWS_WITH(read.read("/large"), Contains("do not fit into 32 bits"));
  CHECK(read.read("/reals").data<float>()[1] == -2.25f);
  CHECK(read.real_attribute("/reals", "same") == std::vector<double>{0.5, -2.25});
  CHECK(read.real_attribute("/small", "same") == std::vector<double>{-7, 70000});
  CHECK(read.attribute_text("/small", "same") == "-7 70000");
  CHECK(read.attributes("/small") == std::vector<std::string>{"same"});
}

TEST_CASE("a header that claims more than is stored is refused before memory is taken", "[hdf5]") {
  const TempDir dir;
  const std::string path = dir.path() / "claims.h5";
  const hid_t file = H5Fcreate(path.c_str(), H5F_ACC_TRUNC, H5P_DEFAULT, H5P_DEFAULT);
  const hsize_t dims[] = {1 << 30, 1 << 30}, chunk[] = {64, 64};
  const hid_t space = H5Screate_simple(2, dims, nullptr), properties = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(properties, 2, chunk);
  const hid_t dataset = H5Dcreate2(file, "huge", H5T_NATIVE_FLOAT, space, H5P_DEFAULT, properties, H5P_DEFAULT);
  H5Dclose(dataset), H5Pclose(properties), H5Sclose(space), H5Fclose(file);
  CHECK_THROWS_WITH(hdf5::File::open(path).read("/huge"), Contains("of which 0 were written"));
}

TEST_CASE("every element type and rank survives", "[hdf5]") {
  hdf5::File file = hdf5::File::in_memory();
  for (const DType dtype : {DType::u8, DType::i32, DType::f32, DType::f64}) {
    const std::string name = fmt::format("/{}", name_of(dtype));
    for (const Shape& shape : {Shape{}, Shape{0, 3}, Shape{1}, Shape{2, 1, 3, 1, 2, 1}}) {
      const std::string dataset = fmt::format("{}/{}", name, shape.rank());
      Tensor tensor = Tensor::owning(shape, dtype);
      std::memset(tensor.raw(), 1, tensor.bytes());
      file.write(dataset, tensor);
      CAPTURE(dataset);
      CHECK(file.shape(dataset) == shape);
      CHECK(file.dtype(dataset) == dtype);
      CHECK(std::memcmp(file.read(dataset).raw(), tensor.raw(), tensor.bytes()) == 0);
    }
  }
}

TEST_CASE("attributes of up to 60 KB are replaced, and make their group", "[hdf5]") {
  hdf5::File file = hdf5::File::in_memory();
  const std::string spec(60000, 's');
  file.set_attribute("/progress", "spec", std::string("short"));
  file.set_attribute("/progress", "spec", spec);
  CHECK(file.string_attribute("/progress", "spec") == spec);
  file.write_strings("/log", {"a"});
  CHECK(file.children("/") == std::vector<std::string>{"progress", "log"});
}

TEST_CASE("equal contents give equal bytes, at any time", "[hdf5]") {
  const std::vector<std::byte> first = sample_file().image();
  std::this_thread::sleep_for(std::chrono::milliseconds(1100));  // time stamps count seconds
  CHECK(sample_file().image() == first);
}

TEST_CASE("files that are not HDF5 are described", "[hdf5]") {
  const TempDir dir;
  const auto message = [](const std::filesystem::path& path) {
    try {
      hdf5::File::open(path);
    } catch (const DataError& error) {
      return std::string(error.what());
    }
    return std::string("no error");
  };
  CHECK_THAT(message(dir.path() / "none.h5"), Contains("There is no file"));
  CHECK_THAT(message(dir.path()), Contains("is a folder"));
  CHECK_THAT(message(save(dir, "empty", "")), Contains("it is empty"));
  CHECK_THAT(message(save(dir, "web", "<!DOCTYPE html>\n<html>")), Contains("'<!DOCTYPE html>': probably a web page"));
  CHECK_THAT(message(save(dir, "zip", std::string_view("PK\x03\x04\0\0\0\0\0\0", 10))),
             Contains("50 4b 03 04") && Contains("zip"));
  CHECK_THAT(message(save(dir, "lfs", "version https://git-lfs.github.com/spec/v1\n")), Contains("Git LFS"));
  CHECK_THAT(message(save(dir, "csv", "a,b,c\n")), Contains("it starts with 'a,b,c'"));
}

TEST_CASE("a truncated file says how much is missing", "[hdf5]") {
  const TempDir dir;
  std::vector<std::byte> bytes = sample_file().image();
  const std::size_t whole = bytes.size();
  for (const std::size_t length : {std::size_t{8}, std::size_t{40}, std::size_t{100}, whole / 2, whole - 1}) {
    CAPTURE(length);
    const auto path = save(dir, "cut.h5", std::span(bytes).first(length));
    CHECK_THROWS_AS(hdf5::File::open(path), DataError);
    if (length > 64) {
      CHECK_THROWS_WITH(hdf5::File::open(path),
                        Contains(fmt::format("should have {} bytes and has {}", whole, length)));
    }
  }
  bytes[20] ^= std::byte{0xff};
  CHECK_THROWS_AS(hdf5::File::open(save(dir, "flipped.h5", bytes)), DataError);
}

TEST_CASE("missing objects and wrong types are named", "[hdf5]") {
  const hdf5::File file = sample_file();
  CHECK_THROWS_WITH(file.read("/zoo/birds"), Contains("has no dataset /zoo/birds"));
  CHECK_THROWS_WITH(file.read("/zoo"), Contains("/zoo is not a dataset"));
  CHECK_THROWS_WITH(file.read("/zoo/names"), Contains("holds strings; expected u8"));
  CHECK_THROWS_WITH(file.read_strings("/zoo/integers"), Contains("holds 32-bit integers; expected strings"));
  CHECK_THROWS_WITH(file.children("/zoo/integers"), Contains("has no group"));
  CHECK_THROWS_WITH(file.int_attribute("/zoo", "age"), Contains("has no attribute age"));
  CHECK_THROWS_WITH(file.int_attribute("/none", "age"), Contains("has no object /none"));
  CHECK_THROWS_WITH(file.int_attribute("/zoo", "mean"),
                    Contains("array of 2 elements of 64-bit floats; expected one integer"));
  CHECK_THROWS_WITH(file.string_attribute("/zoo", "count"), Contains("expected one string"));
  CHECK_THROWS_WITH(file.real_attribute("/zoo", "empty"), Contains("expected a number"));
}

TEST_CASE("a file of another format, or a newer one, is refused", "[hdf5]") {
  hdf5::File file = hdf5::File::in_memory();
  CHECK_THROWS_WITH(hdf5::expect_format(file, "classes", 1), Contains("not one of srwm's"));
  hdf5::write_introduction(file, "episodes", 3, "srwm 9.9");
  CHECK_THROWS_WITH(hdf5::expect_format(file, "classes", 1),
                    Contains("format 'episodes'; expected one of format 'classes'"));
  CHECK_THROWS_WITH(hdf5::expect_format(file, "episodes", 2),
                    Contains("version 3") && Contains("up to version 2") && Contains("srwm 9.9"));
  CHECK(hdf5::expect_format(file, "episodes", 3) == 3);
}

TEST_CASE("several threads write and read files, one at a time", "[hdf5]") {
  const TempDir dir;
  std::atomic<int> right = 0;
  const auto work = [&](int number) {
    const std::filesystem::path path = dir.path() / fmt::format("{}.h5", number);
    const Tensor values = Tensor::of<std::int32_t>({3}, std::vector<std::int32_t>{number, 2, 3});
    for (int round = 0; round < 20; ++round) {
      hdf5::File file = hdf5::File::in_memory();
      file.write("/group/values", values);
      write_file_atomically(path, file.image());
      right += hdf5::File::open(path).read("/group/values").data<std::int32_t>()[0] == number;
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 4; ++i) threads.emplace_back(work, i);
  }
  CHECK(right == 80);
}
