// Datasets of an HDF5 file as host tensors and lists of strings.
#include <algorithm>
#include <array>
#include <limits>

#include "io/hdf5.h"
#include "io/hdf5_handle.h"
#include "io/hdf5_storage.h"

namespace srwm::hdf5 {
namespace {

hid_t memory_type(DType dtype) {
  switch (dtype) {
    case DType::f32:
      return H5T_NATIVE_FLOAT;
    case DType::f64:
      return H5T_NATIVE_DOUBLE;
    case DType::u8:
      return H5T_NATIVE_UINT8;
    case DType::i32:
      return H5T_NATIVE_INT32;
    case DType::bf16:
      break;
  }
  throw InternalError("bf16 tensors are not stored in files");
}

Handle open_dataset(hid_t file, const File& owner, const std::string& dataset) {
  if (!owner.has(dataset)) {
    const std::string broken = describe_broken_link(file, dataset);
    if (broken.empty()) throw DataError("{} has no dataset {}.", owner.path().string(), dataset);
    throw DataError("{}: {}. Put the file where it was, or copy the data into one file.", owner.path().string(),
                    broken);
  }
  Handle opened(H5Dopen2(file, dataset.c_str(), H5P_DEFAULT), H5Dclose);
  if (!opened.ok()) throw DataError("{}: {} is not a dataset.", owner.path().string(), dataset);
  return opened;
}

DType dtype_of(hid_t type, const File& owner, const std::string& dataset) {
  const H5T_class_t kind = H5Tget_class(type);
  const std::size_t size = H5Tget_size(type);
  if (kind == H5T_INTEGER) return size == 1 && H5Tget_sign(type) == H5T_SGN_NONE ? DType::u8 : DType::i32;
  if (kind == H5T_FLOAT && size == 4) return DType::f32;
  if (kind == H5T_FLOAT && size == 8) return DType::f64;
  throw DataError("{}: {} holds {}; expected u8, integers, f32 or f64.", owner.path().string(), dataset,
                  describe_type(type));
}

Shape shape_of(hid_t space, const File& owner, const std::string& dataset) {
  const int rank = H5Sget_simple_extent_type(space) == H5S_NULL ? -1 : H5Sget_simple_extent_ndims(space);
  if (rank < 0 || rank > Shape::max_rank) {
    throw DataError("{}: {} has {}; expected an array of at most {} axes.", owner.path().string(), dataset,
                    rank < 0 ? "no elements" : fmt::format("{} axes", rank), Shape::max_rank);
  }
  std::array<hsize_t, Shape::max_rank> dims{};
  H5Sget_simple_extent_dims(space, dims.data(), nullptr);
  Shape shape;
  for (int axis = 0; axis < rank; ++axis)
    shape.push_back(static_cast<std::int64_t>(dims[static_cast<std::size_t>(axis)]));
  return shape;
}

/// The elements selected in `space`, as an i32 tensor, from integers of any size.
bool read_as_i32(hid_t opened, hid_t memory_space, hid_t space, const Tensor& result, bool& fits) {
  std::vector<std::int64_t> values(static_cast<std::size_t>(result.numel()));
  if (H5Dread(opened, H5T_NATIVE_INT64, memory_space, space, H5P_DEFAULT, values.data()) < 0) return false;
  using Limits = std::numeric_limits<std::int32_t>;
  fits = std::all_of(values.begin(), values.end(),
                     [](std::int64_t v) { return v >= Limits::min() && v <= Limits::max(); });
  std::transform(values.begin(), values.end(), result.data<std::int32_t>(),
                 [](std::int64_t v) { return static_cast<std::int32_t>(v); });
  return true;
}

}  // namespace

std::string describe_type(hid_t type) {
  const std::size_t bits = 8 * H5Tget_size(type);
  switch (H5Tget_class(type)) {
    case H5T_INTEGER:
      return fmt::format("{}-bit integers", bits);
    case H5T_FLOAT:
      return fmt::format("{}-bit floats", bits);
    case H5T_STRING:
      return "strings";
    case H5T_ENUM:
      return "an enumeration (booleans, perhaps)";
    case H5T_COMPOUND:
      return "records";
    default:
      return "elements of another type";
  }
}

Handle string_type(std::size_t size) {
  Handle type(H5Tcopy(H5T_C_S1), H5Tclose);
  H5Tset_size(type.get(), std::max<std::size_t>(size, 1));
  H5Tset_strpad(type.get(), H5T_STR_NULLPAD);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  return type;
}

Shape File::shape(const std::string& dataset) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle space(H5Dget_space(opened.get()), H5Sclose);
  return shape_of(space.get(), *this, dataset);
}

DType File::dtype(const std::string& dataset) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle type(H5Dget_type(opened.get()), H5Tclose);
  return dtype_of(type.get(), *this, dataset);
}

bool File::holds_strings(const std::string& dataset) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle type(H5Dget_type(opened.get()), H5Tclose);
  return H5Tget_class(type.get()) == H5T_STRING;
}

Tensor File::read(const std::string& dataset) const {
  const Shape all = shape(dataset);
  return read_rows(dataset, 0, all.rank() == 0 ? 1 : all[0]);
}

Tensor File::read_rows(const std::string& dataset, std::int64_t begin, std::int64_t end) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle type(H5Dget_type(opened.get()), H5Tclose), space(H5Dget_space(opened.get()), H5Sclose);
  const DType dtype = dtype_of(type.get(), *this, dataset);
  const Shape all = shape_of(space.get(), *this, dataset);
  check_storage(opened.get(), path_, dataset);

  Shape wanted;
  std::vector<hsize_t> first, count;
  for (int axis = 0; axis < all.rank(); ++axis) {
    wanted.push_back(axis == 0 ? end - begin : all[axis]);
    first.push_back(static_cast<hsize_t>(axis == 0 ? begin : 0));
    count.push_back(static_cast<hsize_t>(wanted[axis]));
  }
  SRWM_CHECK(all.rank() == 0 || (0 <= begin && begin <= end && end <= all[0]), "rows {}..{} of {}", begin, end,
             dataset);
  Tensor result = Tensor::owning(wanted, dtype);
  if (result.numel() == 0) return result;
  const Handle memory_space(H5Screate_simple(all.rank(), count.data(), nullptr), H5Sclose);
  if (all.rank() > 0) {
    H5Sselect_hyperslab(space.get(), H5S_SELECT_SET, first.data(), nullptr, count.data(), nullptr);
  }
  bool fits = true;
  const bool read = dtype == DType::i32 ? read_as_i32(opened.get(), memory_space.get(), space.get(), result, fits)
                                        : H5Dread(opened.get(), memory_type(dtype), memory_space.get(), space.get(),
                                                  H5P_DEFAULT, result.raw()) >= 0;
  if (!read) throw DataError("{}: {} cannot be read: the file is damaged.", path_.string(), dataset);
  if (!fits) throw DataError("{}: {} holds integers that do not fit into 32 bits.", path_.string(), dataset);
  return result;
}

std::vector<std::string> File::read_strings(const std::string& dataset) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle type(H5Dget_type(opened.get()), H5Tclose), space(H5Dget_space(opened.get()), H5Sclose);
  if (H5Tget_class(type.get()) != H5T_STRING) {
    throw DataError("{}: {} holds {}; expected strings.", path_.string(), dataset, describe_type(type.get()));
  }
  shape_of(space.get(), *this, dataset);
  check_storage(opened.get(), path_, dataset);
  std::vector<std::string> values;
  const auto read = [&](hid_t memory, void* buffer) {
    return H5Dread(opened.get(), memory, H5S_ALL, H5S_ALL, H5P_DEFAULT, buffer);
  };
  if (!read_string_elements(type.get(), space.get(), read, values)) {
    throw DataError("{}: {} cannot be read: the file is damaged.", path_.string(), dataset);
  }
  return values;
}

bool File::holds_int64(const std::string& dataset) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle type(H5Dget_type(opened.get()), H5Tclose);
  return H5Tget_class(type.get()) == H5T_INTEGER && H5Tget_size(type.get()) == 8 &&
         H5Tget_sign(type.get()) == H5T_SGN_2;
}

std::vector<std::int64_t> File::read_integers(const std::string& dataset) const {
  const Handle opened = open_dataset(handle_, *this, dataset);
  const Handle type(H5Dget_type(opened.get()), H5Tclose), space(H5Dget_space(opened.get()), H5Sclose);
  const Shape found = shape_of(space.get(), *this, dataset);
  if (H5Tget_class(type.get()) != H5T_INTEGER || found.rank() != 1) {
    throw DataError("{}: {} is of shape {} and holds {}; expected a list of integers.", path_.string(), dataset,
                    found.to_string(), describe_type(type.get()));
  }
  check_storage(opened.get(), path_, dataset);
  std::vector<std::int64_t> values(static_cast<std::size_t>(found[0]));
  if (values.empty()) return values;
  if (H5Dread(opened.get(), H5T_NATIVE_INT64, H5S_ALL, H5S_ALL, H5P_DEFAULT, values.data()) >= 0) return values;
  throw DataError("{}: {} cannot be read: the file is damaged.", path_.string(), dataset);
}

namespace {

/// Writes one dataset without time stamps, its groups made on the way.
void write_dataset(hid_t file, const std::string& dataset, hid_t type, hid_t space, const void* values) {
  const Handle creation(H5Pcreate(H5P_DATASET_CREATE), H5Pclose);
  H5Pset_obj_track_times(creation.get(), false);
  make_groups(file, dataset.substr(0, std::max<std::size_t>(dataset.rfind('/'), 1)));
  const Handle opened(H5Dcreate2(file, dataset.c_str(), type, space, H5P_DEFAULT, creation.get(), H5P_DEFAULT),
                      H5Dclose);
  SRWM_CHECK(opened.ok(), "{} cannot be made in a file in memory; is there one already?", dataset);
  SRWM_CHECK(H5Dwrite(opened.get(), type, H5S_ALL, H5S_ALL, H5P_DEFAULT, values) >= 0, "{} cannot be written", dataset);
}

}  // namespace

void File::write(const std::string& dataset, const Tensor& host_tensor) {
  SRWM_CHECK(!host_tensor.absent() && host_tensor.device() == Device{}, "{}: expected a host tensor", dataset);
  std::vector<hsize_t> dims;
  for (int axis = 0; axis < host_tensor.shape().rank(); ++axis)
    dims.push_back(static_cast<hsize_t>(host_tensor.dim(axis)));
  const Handle space(H5Screate_simple(host_tensor.shape().rank(), dims.data(), nullptr), H5Sclose);
  write_dataset(handle_, dataset, memory_type(host_tensor.dtype()), space.get(), host_tensor.raw());
}

void File::write_integers(const std::string& dataset, const std::vector<std::int64_t>& values) {
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  write_dataset(handle_, dataset, H5T_NATIVE_INT64, space.get(), values.data());
}

void File::write_strings(const std::string& dataset, const std::vector<std::string>& values) {
  std::size_t longest = 1;
  for (const std::string& value : values) longest = std::max(longest, value.size());
  std::vector<char> text(values.size() * longest, '\0');
  for (std::size_t i = 0; i < values.size(); ++i)
    std::copy(values[i].begin(), values[i].end(), text.begin() + static_cast<std::ptrdiff_t>(i * longest));
  const hsize_t count = values.size();
  const Handle space(H5Screate_simple(1, &count, nullptr), H5Sclose);
  write_dataset(handle_, dataset, string_type(longest).get(), space.get(), text.data());
}

}  // namespace srwm::hdf5
