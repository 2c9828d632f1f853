// Datasets whose values are not there, or are stored in a form that the library does not have.
#include <cstdlib>
#include <fstream>

#include <catch2/catch.hpp>

#include "core/error.h"
#include "io/file_use.h"
#include "io/hdf5.h"
#include "support/hdf5_editor.h"
#include "support/odd_datasets.h"
#include "support/temp_dir.h"

using namespace srwm;
using namespace srwm::test;
using Catch::Matchers::Contains;

namespace {

std::vector<std::uint8_t> read(const std::filesystem::path& path) {
  const Tensor values = hdf5::File::open(path).read("/x");
  return {values.data<std::uint8_t>(), values.data<std::uint8_t>() + values.numel()};
}

}  // namespace

TEST_CASE("a virtual dataset is read where all of it is there", "[hdf5]") {
  const TempDir dir;
  make_dataset(dir, "a.h5", plain, true);
  make_dataset(dir, "b.h5", in_chunks, true);
  CHECK(read(make_virtual_dataset(dir, "v.h5", "a.h5", "b.h5")) == std::vector<std::uint8_t>{1, 2, 1, 2});
  CHECK(read(make_virtual_dataset(dir, "w.h5", (dir / "a.h5").string(), "v.h5")) ==
        std::vector<std::uint8_t>{1, 2, 1, 2});
  std::filesystem::remove(dir / "b.h5");
  CHECK_THROWS_WITH(read(dir / "v.h5"),
                    Contains("v.h5: /x is a virtual dataset, and its source file b.h5 is not there"));
  CHECK_THROWS_WITH(read(dir / "w.h5"), Contains("v.h5: /x") && Contains("b.h5 is not there"));  // a source's source
  CHECK_THROWS_WITH(read(make_virtual_dataset(dir, "part.h5", "a.h5", "")),
                    Contains("4 elements, and its sources give 2"));
  make_dataset(dir, "b.h5", in_chunks);
  CHECK_THROWS_WITH(read(dir / "v.h5"), Contains("b.h5: /x has 2 chunks, of which 0 were written"));
  std::filesystem::remove(dir / "b.h5");
  Hdf5Editor(dir / "b.h5").make_group("/x");
  CHECK_THROWS_WITH(read(dir / "v.h5"), Contains("its source /x in") && Contains("b.h5 cannot be read"));
}

TEST_CASE("a virtual dataset that asks for more than its source has, or for itself, is refused", "[hdf5]") {
  const TempDir dir;
  make_dataset(dir, "a.h5", plain, true);
  const std::uint8_t one = 1;
  Hdf5Editor(dir / "tiny.h5").write("/x", H5T_NATIVE_UINT8, {1}, &one);
  CHECK_THROWS_WITH(read(make_virtual_dataset(dir, "v.h5", "a.h5", "tiny.h5")),
                    Contains("takes more elements from /x"));
  CHECK_THROWS_WITH(read(make_virtual_dataset(dir, "self.h5", ".", ".")), Contains("refers to itself"));
}

TEST_CASE("values in other files are read where the files are whole", "[hdf5]") {
  const TempDir dir;
  const std::string raw = (dir / "raw.bin").string();
  const auto external = [&](hid_t creation) { H5Pset_external(creation, raw.c_str(), 1, odd_rows); };
  const std::filesystem::path path = make_dataset(dir, "e.h5", external);
  CHECK_THROWS_WITH(read(path), Contains("e.h5: /x is stored in the file " + raw + ", which is not there"));
  std::ofstream(raw) << "abcd";
  CHECK_THROWS_WITH(read(path), Contains("which is too short"));
  std::ofstream(raw) << "\1\2\3\4\5";
  CHECK(read(path) == std::vector<std::uint8_t>{2, 3, 4, 5});
}

TEST_CASE("every file that values come from is an input, which no output may replace", "[hdf5]") {
  const TempDir dir;
  make_dataset(dir, "a.h5", plain, true);
  make_dataset(dir, "b.h5", in_chunks, true);
  std::ofstream(dir / "raw.bin") << "\1\2\3\4\5";
  make_virtual_dataset(dir, "v.h5", "a.h5", "b.h5");
  make_virtual_dataset(dir, "w.h5", "v.h5", "v.h5");
  make_dataset(dir, "e.h5", [&](hid_t creation) { H5Pset_external(creation, (dir / "raw.bin").c_str(), 1, odd_rows); });
  H5Lcreate_external("a.h5", "/x", Hdf5Editor(dir / "link.h5").id(), "x", H5P_DEFAULT, H5P_DEFAULT);

  for (const auto& [read_file, output] : std::vector<std::pair<std::string, std::string>>{
           {"v.h5", "a.h5"}, {"v.h5", "b.h5"}, {"w.h5", "b.h5"}, {"e.h5", "raw.bin"}, {"link.h5", "a.h5"}}) {
    CAPTURE(read_file, output);
    forget_file_use();
    plan_output(dir / output, "--out");
    CHECK_THROWS_WITH(read(dir / read_file), Contains(output + ": this command reads that file"));
    forget_file_use();
    read(dir / read_file);
    CHECK_THROWS_AS(plan_output(dir / output, "--out"), UsageError);
    forget_file_use();
    plan_output(dir / "other.h5", "--out");
    read(dir / read_file);
  }
  forget_file_use();
}

TEST_CASE("what was never written is not read as zeros", "[hdf5]") {
  const TempDir dir;
  CHECK(read(make_dataset(dir, "whole.h5", in_chunks, true)) == std::vector<std::uint8_t>{1, 2, 3, 4});
  CHECK_THROWS_WITH(read(make_dataset(dir, "chunks.h5", in_chunks)),
                    Contains("/x has 2 chunks, of which 0 were written"));
  CHECK_THROWS_WITH(read(make_dataset(dir, "plain.h5", plain)),
                    Contains("/x should have 4 bytes, of which 0 were written"));
  const std::filesystem::path path = make_dataset(dir, "half.h5", in_chunks);
  {
    const Hdf5Editor editor(path);
    const hid_t dataset = H5Dopen2(editor.id(), "x", H5P_DEFAULT);
    const hsize_t origin = 2;
    H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, &origin, 2, "ab");
    H5Dclose(dataset);
  }
  CHECK_THROWS_WITH(read(path), Contains("has 2 chunks, of which 1 were written") && Contains("make the file again"));
}

TEST_CASE("a compression that the library lacks is named, not taken for damage", "[hdf5]") {
  const TempDir dir;
  const std::filesystem::path path = make_dataset(dir, "lzf.h5", [](hid_t creation) {
    in_chunks(creation);
    H5Pset_filter(creation, 32000, H5Z_FLAG_OPTIONAL, 0, nullptr);
  });
  CHECK_THROWS_WITH(read(path), Contains("lzf.h5: /x is compressed with") && Contains("(HDF5 filter 32000)") &&
                                    Contains("data_scripts/rewrite_hdf5.py") && !Contains("damaged"));
}

TEST_CASE("a link to what is gone says to what", "[hdf5]") {
  const TempDir dir;
  const std::filesystem::path path = make_dataset(dir, "links.h5", plain, true);
  {
    const Hdf5Editor editor(path);
    H5Lcreate_external("gone.h5", "/images", editor.id(), "outside", H5P_DEFAULT, H5P_DEFAULT);
    H5Lcreate_soft("/gone", editor.id(), "inside", H5P_DEFAULT, H5P_DEFAULT);
  }
  const hdf5::File file = hdf5::File::open(path);
  CHECK_THROWS_WITH(file.read("/outside"), Contains("/outside is a link to /images in the file gone.h5, which is not"));
  CHECK_THROWS_WITH(file.read("/inside/a"), Contains("/inside is a link to /gone, which is not there"));
  CHECK_THROWS_WITH(file.read("/none"), Contains("has no dataset /none"));
}

TEST_CASE("a dataset in one piece can stay in its file", "[hdf5]") {
  const TempDir dir;
  const auto mapped = [](const std::filesystem::path& path) { return hdf5::File::open(path).map("/x"); };
  const Tensor values = mapped(make_dataset(dir, "a.h5", plain, true));
  REQUIRE(values.shape() == Shape{odd_rows});
  std::filesystem::remove(dir / "a.h5");  // the mapping keeps the bytes
  CHECK(std::vector<std::uint8_t>{values.data<std::uint8_t>(), values.data<std::uint8_t>() + odd_rows} ==
        std::vector<std::uint8_t>{1, 2, 3, 4});
  CHECK(mapped(make_dataset(dir, "c.h5", in_chunks, true)).absent());
  make_dataset(dir, "b.h5", plain, true);
  CHECK(mapped(make_virtual_dataset(dir, "v.h5", "b.h5", "b.h5")).absent());
  const std::string raw = (dir / "raw.bin").string();
  const auto external = [&](hid_t creation) { H5Pset_external(creation, raw.c_str(), 1, odd_rows); };
  CHECK(mapped(make_dataset(dir, "e.h5", external, true)).absent());
  const std::uint16_t wide[2] = {1, 2};
  Hdf5Editor(dir / "w.h5").write("/x", H5T_NATIVE_UINT16, {2}, wide);
  CHECK(mapped(dir / "w.h5").absent());
  CHECK_THROWS_WITH(mapped(make_dataset(dir, "n.h5", plain)), Contains("of which 0 were written"));
}
