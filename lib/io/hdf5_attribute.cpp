// Attributes of the objects of an HDF5 file.
#include <algorithm>

#include <fmt/ranges.h>

#include "io/hdf5.h"
#include "io/hdf5_handle.h"

namespace srwm::hdf5 {
namespace {

/// An attribute opened for reading, with its type and extent.
struct OpenAttribute {
  Handle attribute, type, space;
  hssize_t count;
};

OpenAttribute open_attribute(hid_t file, const File& owner, const std::string& object, const std::string& name) {
  if (!owner.has(object)) throw DataError("{} has no object {}.", owner.path().string(), object);
  if (!owner.has_attribute(object, name)) {
    throw DataError("{}: {} has no attribute {}.", owner.path().string(), object, name);
  }
  Handle attribute(H5Aopen_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT, H5P_DEFAULT), H5Aclose);
  if (!attribute.ok()) {
    throw DataError("{}: the attribute {} of {} cannot be read: the file is damaged.", owner.path().string(), name,
                    object);
  }
  Handle type(H5Aget_type(attribute.get()), H5Tclose), space(H5Aget_space(attribute.get()), H5Sclose);
  const hssize_t count = H5Sget_simple_extent_npoints(space.get());
  return {std::move(attribute), std::move(type), std::move(space), count};
}

[[noreturn]] void throw_wrong_attribute(const OpenAttribute& found, const File& owner, const std::string& object,
                                        const std::string& name, const std::string& expected) {
  throw DataError("{}: the attribute {} of {} is {} of {}; expected {}.", owner.path().string(), name, object,
                  found.count == 1 ? "one element" : fmt::format("an array of {} elements", found.count),
                  describe_type(found.type.get()), expected);
}

void check_read(bool read, const File& owner, const std::string& object, const std::string& name) {
  if (!read) {
    throw DataError("{}: the attribute {} of {} cannot be read: the file is damaged.", owner.path().string(), name,
                    object);
  }
}

void write_attribute(hid_t file, File& owner, const std::string& object, const std::string& name, hid_t type,
                     hid_t space, const void* values) {
  if (!owner.has(object)) make_groups(file, object);
  if (owner.has_attribute(object, name)) H5Adelete_by_name(file, object.c_str(), name.c_str(), H5P_DEFAULT);
  const Handle attribute(
      H5Acreate_by_name(file, object.c_str(), name.c_str(), type, space, H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT),
      H5Aclose);
  SRWM_CHECK(attribute.ok() && H5Awrite(attribute.get(), type, values) >= 0, "the attribute {} of {} cannot be written",
             name, object);
}

}  // namespace

std::vector<std::string> File::attributes(const std::string& object) const {
  std::vector<std::string> names;
  const Handle opened(has(object) ? H5Oopen(handle_, object.c_str(), H5P_DEFAULT) : -1, H5Oclose);
  if (!opened.ok()) throw DataError("{} has no object {}.", path_.string(), object);
  const auto collect = [](hid_t, const char* name, const H5A_info_t*, void* list) -> herr_t {
    static_cast<std::vector<std::string>*>(list)->emplace_back(name);
    return 0;
  };
  if (H5Aiterate2(opened.get(), H5_INDEX_NAME, H5_ITER_INC, nullptr, collect, &names) < 0) {
    throw DataError("{}: the attributes of {} cannot be listed: the file is damaged.", path_.string(), object);
  }
  return names;
}

std::string File::attribute_text(const std::string& object, const std::string& name) const {
  const H5T_class_t kind = H5Tget_class(open_attribute(handle_, *this, object, name).type.get());
  if (kind != H5T_STRING) return fmt::format("{}", fmt::join(real_attribute(object, name), " "));
  const std::string text = string_attribute(object, name), line = text.substr(0, text.find('\n'));
  return line.size() == text.size() ? text : line + " ...";
}

bool File::has_attribute(const std::string& object, const std::string& name) const {
  return has(object) && H5Aexists_by_name(handle_, object.c_str(), name.c_str(), H5P_DEFAULT) > 0;
}

std::string File::string_attribute(const std::string& object, const std::string& name) const {
  const OpenAttribute found = open_attribute(handle_, *this, object, name);
  if (found.count != 1 || H5Tget_class(found.type.get()) != H5T_STRING) {
    throw_wrong_attribute(found, *this, object, name, "one string");
  }
  std::vector<std::string> values;
  const auto read = [&](hid_t memory, void* buffer) { return H5Aread(found.attribute.get(), memory, buffer); };
  check_read(read_string_elements(found.type.get(), found.space.get(), read, values), *this, object, name);
  return values[0];
}

std::int64_t File::int_attribute(const std::string& object, const std::string& name) const {
  const OpenAttribute found = open_attribute(handle_, *this, object, name);
  if (found.count != 1 || H5Tget_class(found.type.get()) != H5T_INTEGER) {
    throw_wrong_attribute(found, *this, object, name, "one integer");
  }
  std::int64_t value = 0;
  check_read(H5Aread(found.attribute.get(), H5T_NATIVE_INT64, &value) >= 0, *this, object, name);
  return value;
}

std::vector<double> File::real_attribute(const std::string& object, const std::string& name) const {
  constexpr hssize_t most = 1 << 20;
  const OpenAttribute found = open_attribute(handle_, *this, object, name);
  const H5T_class_t kind = H5Tget_class(found.type.get());
  const int rank = H5Sget_simple_extent_ndims(found.space.get());
  if (found.count < 0 || found.count > most || rank > 1 || (kind != H5T_FLOAT && kind != H5T_INTEGER)) {
    throw_wrong_attribute(found, *this, object, name, "a number or a list of numbers");
  }
  std::vector<double> values(static_cast<std::size_t>(found.count));
  if (values.empty()) return values;
  check_read(H5Aread(found.attribute.get(), H5T_NATIVE_DOUBLE, values.data()) >= 0, *this, object, name);
  return values;
}

void File::set_attribute(const std::string& object, const std::string& name, const std::string& value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  // An empty string is one zero byte: HDF5 has no strings of size zero. c_str() ends in it.
  write_attribute(handle_, *this, object, name, string_type(value.size()).get(), space.get(), value.c_str());
}

void File::set_attribute(const std::string& object, const std::string& name, std::int64_t value) {
  const Handle space(H5Screate(H5S_SCALAR), H5Sclose);
  write_attribute(handle_, *this, object, name, H5T_NATIVE_INT64, space.get(), &value);
}

void File::set_attribute(const std::string& object, const std::string& name, const std::vector<double>& values) {
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  write_attribute(handle_, *this, object, name, H5T_NATIVE_DOUBLE, space.get(), values.data());
}

}  // namespace srwm::hdf5
