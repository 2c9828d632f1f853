// Changes HDF5 files in ways that lib/io cannot: any type, any shape, arrays that are claimed and not stored.
#pragma once

#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

#include <hdf5.h>

namespace srwm::test {

class Hdf5Editor {
 public:
  /// Opens a file for reading and writing; without `path`'s file a new one is made.
  explicit Hdf5Editor(const std::filesystem::path& path) {
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    const bool is_new = !std::filesystem::exists(path);
    file_ = is_new ? H5Fcreate(path.c_str(), H5F_ACC_EXCL, H5P_DEFAULT, H5P_DEFAULT)
                   : H5Fopen(path.c_str(), H5F_ACC_RDWR, H5P_DEFAULT);
    if (file_ < 0) throw std::runtime_error("cannot edit " + path.string());
  }
  Hdf5Editor(const Hdf5Editor&) = delete;
  Hdf5Editor& operator=(const Hdf5Editor&) = delete;
  ~Hdf5Editor() { H5Fclose(file_); }

  hid_t id() const { return file_; }
  void make_group(const std::string& path) { H5Gclose(H5Gcreate2(file_, path.c_str(), 0, 0, 0)); }
  void remove(const std::string& object) { H5Ldelete(file_, object.c_str(), H5P_DEFAULT); }
  void remove_attribute(const std::string& object, const std::string& name) {
    H5Adelete_by_name(file_, object.c_str(), name.c_str(), H5P_DEFAULT);
  }

  /// Puts an array in place of `name`. Without `values`, of `type`, it is chunked and nothing of it is stored. An array
  /// without dimensions is a scalar.
  void write(const std::string& name, hid_t type, const std::vector<hsize_t>& dims, const void* values = nullptr) {
    remove(name);
    const hid_t space = make_space(dims), links = H5Pcreate(H5P_LINK_CREATE), creation = H5Pcreate(H5P_DATASET_CREATE);
    H5Pset_create_intermediate_group(links, 1);
    if (values == nullptr && !dims.empty()) {
      const std::vector<hsize_t> chunk(dims.size(), 1);
      H5Pset_chunk(creation, static_cast<int>(dims.size()), chunk.data());
    }
    const hid_t dataset = H5Dcreate2(file_, name.c_str(), type, space, links, creation, H5P_DEFAULT);
    if (dataset >= 0 && values != nullptr) H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values);
    if (dataset >= 0) H5Dclose(dataset);
    H5Pclose(creation), H5Pclose(links), H5Sclose(space);
  }

  /// Puts an attribute in place of `name`.
  void set_attribute(const std::string& object, const std::string& name, hid_t type, const std::vector<hsize_t>& dims,
                     const void* values) {
    remove_attribute(object, name);
    const hid_t space = make_space(dims);
    const hid_t attribute =
        H5Acreate_by_name(file_, object.c_str(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
    if (attribute >= 0 && values != nullptr) H5Awrite(attribute, type, values);
    if (attribute >= 0) H5Aclose(attribute);
    H5Sclose(space);
  }
  void set_attribute(const std::string& object, const std::string& name, std::int64_t value) {
    set_attribute(object, name, H5T_NATIVE_INT64, {}, &value);
  }
  void set_attribute(const std::string& object, const std::string& name, const std::string& text) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, H5T_VARIABLE);
    const char* pointer = text.c_str();
    set_attribute(object, name, type, {}, &pointer);
    H5Tclose(type);
  }

 private:
  static hid_t make_space(const std::vector<hsize_t>& dims) {
    return dims.empty() ? H5Screate(H5S_SCALAR) : H5Screate_simple(static_cast<int>(dims.size()), dims.data(), nullptr);
  }

  hid_t file_;
};

}  // namespace srwm::test
