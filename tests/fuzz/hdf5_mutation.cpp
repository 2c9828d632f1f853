#include "fuzz/hdf5_mutation.h"

#include <array>
#include <cstring>
#include <limits>
#include <numeric>

#include "io/hdf5.h"
#include "support/hdf5_editor.h"

namespace srwm::fuzz {
namespace {

using test::Hdf5Editor;

constexpr std::size_t most_changes = 8;
constexpr std::size_t most_stored_bytes = 1 << 16;

struct Attribute {
  std::string object, name;
};

/// What there is in a file to be changed.
struct Contents {
  std::vector<std::string> datasets;
  std::vector<Attribute> attributes;
};

Contents contents_of(const std::filesystem::path& path) {
  const hdf5::File file = hdf5::File::open(path);
  Contents contents{file.datasets_below("/"), {}};
  for (const char* object : {"/", "/train", "/val", "/test", "/progress"}) {
    if (!file.has(object)) continue;
    for (const std::string& name : file.attributes(object)) contents.attributes.push_back({object, name});
  }
  return contents;
}

/// Types of elements; what is made for a file must be closed.
class Type {
 public:
  explicit Type(Decisions& decisions) {
    const std::vector<hid_t> simple{H5T_NATIVE_UINT8, H5T_NATIVE_INT8,    H5T_NATIVE_INT16, H5T_NATIVE_INT32,
                                    H5T_STD_I64BE,    H5T_NATIVE_UINT64,  H5T_NATIVE_FLOAT, H5T_NATIVE_DOUBLE,
                                    H5T_IEEE_F32BE,   H5T_NATIVE_LDOUBLE, H5T_STD_B64LE,    H5T_STD_REF_OBJ};
    const std::size_t choice = decisions.below(simple.size() + 6);
    id_ = choice < simple.size() ? H5Tcopy(simple[choice]) : make(choice - simple.size(), decisions);
  }
  Type(const Type&) = delete;
  Type& operator=(const Type&) = delete;
  ~Type() { H5Tclose(id_); }

  hid_t id() const { return id_; }
  std::size_t size() const { return H5Tget_size(id_); }
  /// Whether any bytes are elements of it: others hold addresses.
  bool is_plain() const { return H5Tdetect_class(id_, H5T_VLEN) <= 0 && H5Tis_variable_str(id_) <= 0; }

 private:
  static hid_t make(std::size_t choice, Decisions& decisions) {
    const hsize_t three = 3;
    switch (choice) {
      case 0:
        return text(1 + decisions.below(100));
      case 1:
        return text(H5T_VARIABLE);
      case 2:
        return H5Tvlen_create(H5T_NATIVE_INT);
      case 3:
        return H5Tcreate(H5T_OPAQUE, 1 + decisions.below(9));
      case 4:
        return H5Tarray_create2(H5T_NATIVE_FLOAT, 1, &three);
      default:
        return record();
    }
  }
  static hid_t text(std::size_t size) {
    const hid_t type = H5Tcopy(H5T_C_S1);
    H5Tset_size(type, size);
    return type;
  }
  static hid_t record() {
    const hid_t type = H5Tcreate(H5T_COMPOUND, 8);
    H5Tinsert(type, "a", 0, H5T_NATIVE_INT);
    H5Tinsert(type, "b", 4, H5T_NATIVE_FLOAT);
    return type;
  }

  hid_t id_;
};

std::vector<hsize_t> random_shape(Decisions& decisions) {
  const std::vector<hsize_t> sizes{
      0, 1, 1, 2, 3, 4, 5, 9, 16, 255, 65535, 1 << 20, 1u << 31, hsize_t{1} << 32, hsize_t{1} << 62, ~hsize_t{1}};
  std::vector<hsize_t> shape(decisions.below(8));
  for (hsize_t& size : shape) size = decisions.one_of(sizes);
  return shape;
}

/// Bytes for `count` elements, if they are few enough to be stored: zeros, ones, extremes, or decisions.
std::vector<std::uint8_t> random_values(std::size_t bytes, Decisions& decisions) {
  const auto kind = decisions.below(5);
  std::vector<std::uint8_t> values(bytes, kind == 0 ? 0 : kind == 1 ? 0xff : kind == 2 ? 0x7f : 0x80);
  if (kind == 3) std::iota(values.begin(), values.end(), decisions.byte());
  for (std::size_t i = 0; i < values.size() && i < 64 && kind == 4; ++i) values[i] = decisions.byte();
  return values;
}

double elements_of(const std::vector<hsize_t>& shape) {
  return std::accumulate(shape.begin(), shape.end(), 1.0,
                         [](double n, hsize_t d) { return n * static_cast<double>(d); });
}

void write_dataset(Hdf5Editor& editor, const std::string& name, const std::vector<hsize_t>& shape,
                   Decisions& decisions) {
  const Type type(decisions);
  const double bytes = elements_of(shape) * static_cast<double>(type.size());
  if (bytes > most_stored_bytes || !type.is_plain() || decisions.one_in(8)) {
    editor.write(name, type.id(), shape);
  } else {
    editor.write(name, type.id(), shape, random_values(static_cast<std::size_t>(bytes), decisions).data());
  }
}

/// Of the types that the dataset should have, with its own shape: only the values are wrong.
void change_values(Hdf5Editor& editor, const std::string& name, Decisions& decisions) {
  const hid_t dataset = H5Dopen2(editor.id(), name.c_str(), H5P_DEFAULT);
  if (dataset < 0) return;
  const hid_t type = H5Dget_type(dataset), space = H5Dget_space(dataset);
  const auto bytes =
      static_cast<std::size_t>(std::max<hssize_t>(H5Sget_simple_extent_npoints(space), 0)) * H5Tget_size(type);
  if (bytes <= most_stored_bytes && H5Tis_variable_str(type) <= 0 && H5Tdetect_class(type, H5T_VLEN) <= 0) {
    H5Dwrite(dataset, type, H5S_ALL, H5S_ALL, H5P_DEFAULT, random_values(bytes, decisions).data());
  }
  H5Sclose(space), H5Tclose(type), H5Dclose(dataset);
}

void set_text(Hdf5Editor& editor, const Attribute& attribute, Decisions& decisions) {
  const std::vector<std::string> texts{"",
                                       "classes",
                                       "episodes",
                                       "checkpoint",
                                       "sync",
                                       "delayed",
                                       "a b c",
                                       "../../x",
                                       "interval_loss interval_loss",
                                       "\xff\xfe",
                                       std::string(1000, 'x')};
  const std::string text = decisions.one_in(3) ? decisions.text(40) : decisions.one_of(texts);
  editor.set_attribute(attribute.object, attribute.name, text);
}

void set_number(Hdf5Editor& editor, const Attribute& attribute, Decisions& decisions) {
  using Limits = std::numeric_limits<std::int64_t>;
  const std::vector<std::int64_t> numbers{
      0, -1, 1, 2, 3, 4, 5, 20, 255, 65536, 1 << 30, 1LL << 31, 1LL << 32, 1LL << 53, Limits::max(), Limits::min()};
  editor.set_attribute(attribute.object, attribute.name, decisions.one_of(numbers));
}

void set_reals(Hdf5Editor& editor, const Attribute& attribute, Decisions& decisions) {
  using Limits = std::numeric_limits<double>;
  const std::vector<double> reals{0, -1, 0.5, 1, 1e300, -1e-300, Limits::infinity(), Limits::quiet_NaN()};
  std::vector<double> values(decisions.below(6));
  for (double& value : values) value = decisions.one_of(reals);
  editor.set_attribute(attribute.object, attribute.name, H5T_NATIVE_DOUBLE, {values.size()}, values.data());
}

void set_anything(Hdf5Editor& editor, const Attribute& attribute, Decisions& decisions) {
  const Type type(decisions);
  const std::vector<hsize_t> shape(decisions.below(4), 1 + decisions.below(4));
  const auto bytes = static_cast<std::size_t>(elements_of(shape)) * type.size();
  const std::vector<std::uint8_t> values = random_values(bytes, decisions);
  editor.set_attribute(attribute.object, attribute.name, type.id(), shape, type.is_plain() ? values.data() : nullptr);
}

void change_attribute(Hdf5Editor& editor, const Attribute& attribute, Decisions& decisions) {
  switch (decisions.below(5)) {
    case 0:
      return editor.remove_attribute(attribute.object, attribute.name);
    case 1:
      return set_text(editor, attribute, decisions);
    case 2:
      return set_number(editor, attribute, decisions);
    case 3:
      return set_reals(editor, attribute, decisions);
    default:
      return set_anything(editor, attribute, decisions);
  }
}

/// Something else in place of a dataset, or beside it.
void change_links(Hdf5Editor& editor, const std::string& name, Decisions& decisions) {
  const std::string place = decisions.one_in(2) ? name : name + "x";
  editor.remove(place);
  switch (decisions.below(6)) {
    case 0:
      return editor.make_group(place);
    case 1:
      H5Lcreate_soft("/nowhere", editor.id(), place.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      return;
    case 2:
      H5Lcreate_soft(place.c_str(), editor.id(), place.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      return;
    case 3:
      H5Lcreate_hard(editor.id(), "/", editor.id(), place.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      return;
    case 4:
      H5Lcreate_external("nowhere.h5", "/", editor.id(), place.c_str(), H5P_DEFAULT, H5P_DEFAULT);
      return;
    default:
      Type type(decisions);
      H5Tcommit2(editor.id(), place.c_str(), type.id(), H5P_DEFAULT, H5P_DEFAULT, H5P_DEFAULT);
  }
}

void change(Hdf5Editor& editor, const Contents& contents, Decisions& decisions) {
  const std::string& dataset = decisions.one_of(contents.datasets);
  switch (decisions.below(8)) {
    case 0:
      return editor.remove(dataset);
    case 1:
    case 2:
      return write_dataset(editor, dataset, random_shape(decisions), decisions);
    case 3:
      return change_values(editor, dataset, decisions);
    case 4:
      return change_links(editor, dataset, decisions);
    default:
      return change_attribute(editor, decisions.one_of(contents.attributes), decisions);
  }
}

}  // namespace

void mutate_hdf5(const std::filesystem::path& path, Decisions& decisions) {
  const Contents contents = contents_of(path);
  const bool cut = decisions.one_in(16);
  {
    Hdf5Editor editor(path);
    for (std::size_t i = 0; i < most_changes && !decisions.empty(); ++i) change(editor, contents, decisions);
  }
  const std::uintmax_t size = std::filesystem::file_size(path);
  if (cut) std::filesystem::resize_file(path, size * decisions.below(1000) / 1000);
}

}  // namespace srwm::fuzz
