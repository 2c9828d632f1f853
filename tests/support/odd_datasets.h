// Files with a dataset /x of four bytes that is stored in an uncommon way.
#pragma once

#include <filesystem>
#include <string>

#include <hdf5.h>

#include "support/hdf5_editor.h"
#include "support/temp_dir.h"

namespace srwm::test {

inline constexpr hsize_t odd_rows = 4;

/// Makes /x of odd_rows bytes with the properties that `set` gives; writes it if `written`.
template <typename Set>
std::filesystem::path make_dataset(const TempDir& dir, const std::string& name, const Set& set, bool written = false) {
  const std::filesystem::path path = dir / name;
  const Hdf5Editor editor(path);
  const hid_t space = H5Screate_simple(1, &odd_rows, nullptr), creation = H5Pcreate(H5P_DATASET_CREATE);
  set(creation);
  const hid_t dataset = H5Dcreate2(editor.id(), "x", H5T_NATIVE_UINT8, space, H5P_DEFAULT, creation, H5P_DEFAULT);
  const std::uint8_t values[odd_rows] = {1, 2, 3, 4};
  if (written) H5Dwrite(dataset, H5T_NATIVE_UINT8, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
  H5Dclose(dataset), H5Pclose(creation), H5Sclose(space);
  return path;
}

/// /x of two parts: the first rows of /x in `first`, the others from `second`.
inline std::filesystem::path make_virtual_dataset(const TempDir& dir, const std::string& name, const std::string& first,
                                                  const std::string& second, hsize_t second_rows = odd_rows / 2) {
  return make_dataset(dir, name, [&](hid_t creation) {
    const hsize_t half = odd_rows / 2, begin = 0;
    const hid_t space = H5Screate_simple(1, &odd_rows, nullptr), source = H5Screate_simple(1, &odd_rows, nullptr);
    H5Sselect_hyperslab(source, H5S_SELECT_SET, &begin, nullptr, &half, nullptr);
    H5Sselect_hyperslab(space, H5S_SELECT_SET, &begin, nullptr, &half, nullptr);
    H5Pset_virtual(creation, space, first.c_str(), "/x", source);
    if (!second.empty()) {
      H5Sselect_hyperslab(source, H5S_SELECT_SET, &begin, nullptr, &second_rows, nullptr);
      H5Sselect_hyperslab(space, H5S_SELECT_SET, &half, nullptr, &second_rows, nullptr);
      H5Pset_virtual(creation, space, second.c_str(), "/x", source);
    }
    H5Sclose(space), H5Sclose(source);
  });
}

inline const auto plain = [](hid_t) {};
inline const auto in_chunks = [](hid_t creation) {
  const hsize_t chunk = 2;
  H5Pset_chunk(creation, 1, &chunk);
};

}  // namespace srwm::test
