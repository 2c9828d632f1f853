// Provokes every entry of the section "HDF5 files" of docs/errors.md.
#include "io/hdf5.h"

#include <fstream>

#include <catch2/catch.hpp>

#include "data/class_dataset.h"
#include "data/describe.h"
#include "errors/errors_page.h"
#include "io/file.h"
#include "support/hdf5_editor.h"
#include "support/odd_datasets.h"
#include "support/temp_dir.h"

using namespace srwm;
using namespace srwm::test;

namespace {

hdf5::File introduced(const std::string& format, std::int64_t version) {
  hdf5::File file = hdf5::File::in_memory();
  hdf5::write_introduction(file, format, version, "srwm 9.9");
  return file;
}

/// A file with a variable string, an array of integers too large, one of seven axes, and one that is not stored.
std::filesystem::path odd_file(const TempDir& dir) {
  const std::filesystem::path path = dir / "odd.h5";
  Hdf5Editor editor(path);
  const std::vector<std::int64_t> large{std::int64_t{1} << 40};
  const std::vector<std::uint8_t> bytes(1);
  editor.write("/large", H5T_NATIVE_INT64, {1}, large.data());
  editor.write("/axes", H5T_NATIVE_UINT8, {1, 1, 1, 1, 1, 1, 1}, bytes.data());
  editor.write("/claimed", H5T_NATIVE_FLOAT, {1 << 20, 1 << 20});
  editor.set_attribute("/", "text", std::string("abc"));
  return path;
}

/// Overwrites the last `signature` in a file: what HDF5 looks for there is gone.
void spoil(const std::filesystem::path& path, const std::string& signature) {
  std::string bytes = read_text_file(path);
  const std::size_t at = bytes.rfind(signature);
  REQUIRE(at != std::string::npos);
  bytes.replace(at, signature.size(), signature.size(), '?');
  std::ofstream(path, std::ios::binary) << bytes;
}

/// A group of two members, the last of the file.
std::filesystem::path file_with_broken_group(const TempDir& dir) {
  const std::filesystem::path path = dir / "group.h5";
  Hdf5Editor(path).write("/a/b", H5T_NATIVE_INT, {});
  spoil(path, "SNOD");
  return path;
}

std::filesystem::path file_with_broken_text(const TempDir& dir) {
  const std::filesystem::path path = odd_file(dir);
  spoil(path, "GCOL");
  return path;
}

/// Compressed data that is no compressed data.
std::filesystem::path file_with_broken_data(const TempDir& dir) {
  const std::filesystem::path path = dir / "data.h5";
  const Hdf5Editor editor(path);
  const hsize_t dims = 100, origin = 0;
  const hid_t space = H5Screate_simple(1, &dims, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, &dims);
  H5Pset_deflate(creation, 6);
  const hid_t dataset = H5Dcreate2(editor.id(), "x", H5T_NATIVE_UINT8, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, &origin, 7, "garbage");
  H5Dclose(dataset), H5Pclose(creation), H5Sclose(space);
  return path;
}

/// A compressed chunk of a gigabyte that is stored in seven bytes.
std::filesystem::path file_with_huge_chunk(const TempDir& dir) {
  const std::filesystem::path path = dir / "huge.h5";
  const Hdf5Editor editor(path);
  const hsize_t dims = 1 << 30, origin = 0;
  const hid_t space = H5Screate_simple(1, &dims, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
  H5Pset_chunk(creation, 1, &dims);
  H5Pset_deflate(creation, 6);
  const hid_t dataset = H5Dcreate2(editor.id(), "x", H5T_NATIVE_UINT8, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  H5Dwrite_chunk(dataset, H5P_DEFAULT, 0, &origin, 7, "garbage");
  H5Dclose(dataset), H5Pclose(creation), H5Sclose(space);
  return path;
}

/// More attributes than fit into the object's header stand in a heap of their own.
std::filesystem::path file_with_broken_attributes(const TempDir& dir) {
  const std::filesystem::path path = dir / "attributes.h5";
  const hid_t access = H5Pcreate(H5P_FILE_ACCESS);
  H5Pset_libver_bounds(access, H5F_LIBVER_LATEST, H5F_LIBVER_LATEST);
  H5Fclose(H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, access));
  H5Pclose(access);
  for (std::int64_t i = 0; i < 20; ++i) Hdf5Editor(path).set_attribute("/", std::to_string(i), i);
  spoil(path, "BTHD");
  return path;
}

void provoke_unopened(ErrorSection& section, const TempDir& dir) {
  const auto open = [&](const std::filesystem::path& path) { section.provoke([&] { hdf5::File::open(path); }); };
  std::filesystem::create_symlink(dir / "circle.h5", dir / "circle.h5");
  std::ofstream(dir / "page.h5") << "<!DOCTYPE html>";
  open(dir / "none.h5");
  section.provoke([&] { find_dataset((dir / "none.h5").string(), ""); });
  open(dir.path());
  open(dir / "circle.h5");
  open("/proc/self/mem");  // a file that opens and cannot be read, even by root
  open(dir / "page.h5");

  const std::vector<std::byte> image = introduced("classes", 1).image();
  std::string bytes(reinterpret_cast<const char*>(image.data()), image.size());
  write_file_atomically(dir / "cut.h5", std::string_view(bytes).substr(0, bytes.size() - 1));
  open(dir / "cut.h5");
  bytes[20] = '\xff';
  write_file_atomically(dir / "flipped.h5", bytes);
  open(dir / "flipped.h5");
}

void provoke_wrong_format(ErrorSection& section, const TempDir& dir) {
  Hdf5Editor(dir / "foreign.h5").make_group("/a");
  write_file_atomically(dir / "checkpoint.h5", introduced("checkpoint", 1).image());
  section.provoke([&] { describe_file(dir / "foreign.h5", 1); });
  section.provoke([&] { contact_sheet_of_file(dir / "checkpoint.h5", "train", 1); });
  section.provoke([&] { hdf5::expect_format(hdf5::File::open(dir / "foreign.h5"), "classes", 1); });
  section.provoke([] { hdf5::expect_format(introduced("episodes", 1), "classes", 1); });
  section.provoke([] { hdf5::expect_format(introduced("classes", 0), "classes", 1); });
  section.provoke([] { hdf5::expect_format(introduced("classes", 2), "classes", 1); });
}

void provoke_wrong_objects(ErrorSection& section, const TempDir& dir) {
  const hdf5::File odd = hdf5::File::open(odd_file(dir)), memory = introduced("classes", 1);
  section.provoke([&] { memory.children("/none"); });
  section.provoke([&] { memory.attributes("/none"); });
  section.provoke([&] { memory.read("/none"); });
  section.provoke([&] { memory.read("/"); });
  section.provoke([&] { memory.int_attribute("/", "none"); });
  section.provoke([&] { memory.int_attribute("/", "generator"); });
  section.provoke([&] { odd.read_strings("/large"); });
  section.provoke([&] { odd.read("/large"); });
  section.provoke([&] { odd.read("/axes"); });
  section.provoke([&] { odd.read("/claimed"); });
  section.provoke([&] { odd.read_integers("/claimed"); });
  hdf5::File text = hdf5::File::in_memory();
  text.write_strings("/names", {"a"});
  section.provoke([&] { text.read("/names"); });
}

void provoke_damage(ErrorSection& section) {
  const TempDir dir;
  section.provoke([&] { hdf5::File::open(file_with_broken_group(dir)).children("/a"); });
  section.provoke([&] { hdf5::File::open(file_with_broken_text(dir)).string_attribute("/", "text"); });
  section.provoke([&] { hdf5::File::open(file_with_broken_attributes(dir)).attributes("/"); });
  section.provoke([&] { hdf5::File::open(file_with_broken_data(dir)).read("/x"); });
}

/// Datasets whose values are not there, or not readable.
void provoke_missing_values(ErrorSection& section) {
  const TempDir dir;
  const auto read = [&](const std::filesystem::path& path, const char* dataset = "/x") {
    section.provoke([&] { hdf5::File::open(path).read(dataset); });
  };
  read(file_with_huge_chunk(dir));
  read(make_dataset(dir, "chunks.h5", in_chunks));
  read(make_dataset(dir, "plain.h5", plain));
  read(make_dataset(dir, "lzf.h5", [](hid_t creation) {
    in_chunks(creation);
    H5Pset_filter(creation, 32000, H5Z_FLAG_OPTIONAL, 0, nullptr);
  }));
  read(make_dataset(dir, "external.h5", [](hid_t creation) { H5Pset_external(creation, "gone.bin", 0, odd_rows); }));
  make_dataset(dir, "a.h5", plain, true);
  const std::uint8_t one = 1;
  Hdf5Editor(dir / "tiny.h5").write("/x", H5T_NATIVE_UINT8, {1}, &one);
  Hdf5Editor(dir / "group.h5").make_group("/x");
  read(make_virtual_dataset(dir, "v1.h5", "a.h5", "gone.h5"));
  read(make_virtual_dataset(dir, "v2.h5", "a.h5", "group.h5"));
  read(make_virtual_dataset(dir, "v3.h5", "a.h5", "tiny.h5"));
  read(make_virtual_dataset(dir, "v4.h5", ".", "."));
  read(make_virtual_dataset(dir, "v5.h5", "a.h5", ""));
  {
    const Hdf5Editor editor(dir / "a.h5");
    H5Lcreate_soft("/gone", editor.id(), "link", H5P_DEFAULT, H5P_DEFAULT);
  }
  read(dir / "a.h5", "/link");
}

}  // namespace

TEST_CASE("errors about HDF5 files are those of docs/errors.md") {
  const TempDir dir;
  ErrorSection section("HDF5 files");
  provoke_unopened(section, dir);
  provoke_wrong_format(section, dir);
  provoke_wrong_objects(section, dir);
  provoke_damage(section);
  provoke_missing_values(section);
}
