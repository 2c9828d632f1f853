#include "io/hdf5_storage.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <system_error>
#include <vector>

#include "core/error.h"
#include "io/file_use.h"
#include "io/hdf5_handle.h"

namespace srwm::hdf5 {
namespace {

namespace fs = std::filesystem;

/// deflate shrinks by at most 1032; a dataset that claims more than its stored bytes can hold is damaged.
constexpr double largest_compression = 1100;
constexpr double always_accepted_bytes = 64 << 20;
/// Virtual datasets of virtual datasets, beyond which they are taken for circles.
constexpr int deepest = 8;

/// A dataset as messages and other files see it.
struct Place {
  fs::path path;
  std::string dataset;
  int depth = 0;

  std::string text() const { return fmt::format("{}: {}", path.string(), dataset); }
};

void check(hid_t dataset_id, const Place& place);

std::optional<std::string> environment(const char* name) {
  const char* value = std::getenv(name);
  return value == nullptr || *value == '\0' ? std::nullopt : std::optional<std::string>(value);
}

bool is_file(const fs::path& path) {
  std::error_code ignored;
  return fs::is_regular_file(path, ignored);
}

double elements_of(hid_t space) {
  return static_cast<double>(H5Sget_simple_extent_npoints(space));
}

/// Where HDF5 looks for a source of a virtual dataset: the folders of HDF5_VDS_PREFIX, the folder of the file, the path
/// as it is.
std::vector<fs::path> source_candidates(const fs::path& source, const fs::path& owner) {
  std::vector<fs::path> candidates;
  if (source.is_absolute()) return {source, owner.parent_path() / source.filename()};
  if (const auto prefix = environment("HDF5_VDS_PREFIX")) {
    for (std::string_view rest = *prefix; !rest.empty();) {
      const std::size_t end = std::min(rest.find(':'), rest.size());
      candidates.push_back(fs::path(rest.substr(0, end)) / source);
      rest.remove_prefix(std::min(end + 1, rest.size()));
    }
  }
  candidates.push_back(owner.parent_path() / source);
  candidates.push_back(source);
  return candidates;
}

/// Name of a mapping's file or dataset by H5Pget_virtual_filename or H5Pget_virtual_dsetname.
template <typename Get>
std::string virtual_name(Get get, hid_t creation, std::size_t index) {
  const ssize_t length = get(creation, index, nullptr, 0);
  std::string name(static_cast<std::size_t>(std::max<ssize_t>(length, 0)) + 1, '\0');
  get(creation, index, name.data(), name.size());
  name.pop_back();
  return name;
}

/// Whether the elements that a mapping takes from its source are inside the source's extent.
bool is_inside(hid_t selection, hid_t source) {
  std::array<hsize_t, H5S_MAX_RANK> first{}, last{}, extent{};
  const int rank = H5Sget_simple_extent_ndims(source);
  if (rank != H5Sget_simple_extent_ndims(selection) || rank < 0) return false;
  if (H5Sget_select_bounds(selection, first.data(), last.data()) < 0) return false;
  H5Sget_simple_extent_dims(source, extent.data(), nullptr);
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(rank); ++axis) {
    if (last[axis] >= extent[axis]) return false;
  }
  return true;
}

/// Checks one source of a virtual dataset and returns how many elements it gives.
double check_source(hid_t dataset_id, hid_t creation, std::size_t index, const Place& place) {
  const Handle selection(H5Pget_virtual_srcspace(creation, index), H5Sclose);
  const hssize_t points = H5Sget_select_npoints(selection.get());
  const std::string file_name = virtual_name(H5Pget_virtual_filename, creation, index);
  const std::string name = virtual_name(H5Pget_virtual_dsetname, creation, index);
  const bool same_file = file_name == ".";
  fs::path found = place.path;
  if (!same_file) {
    const std::vector<fs::path> candidates = source_candidates(file_name, place.path);
    const auto there = std::ranges::find_if(candidates, is_file);
    if (there == candidates.end()) {
      throw DataError(
          "{} is a virtual dataset, and its source file {} is not there. Put the file where it was, or copy the data "
          "into "
          "one file before it is moved (h5repack, or h5py).",
          place.text(), file_name);
    }
    found = *there;
  }
  const Handle owner(same_file ? H5Iget_file_id(dataset_id) : H5Fopen(found.c_str(), H5F_ACC_RDONLY, H5P_DEFAULT),
                     H5Fclose);
  const Handle source(owner.ok() ? H5Dopen2(owner.get(), name.c_str(), H5P_DEFAULT) : -1, H5Dclose);
  if (!source.ok()) {
    throw DataError("{} is a virtual dataset, and its source {} in {} cannot be read. Make that file again.",
                    place.text(), name, found.string());
  }
  const Handle extent(H5Dget_space(source.get()), H5Sclose);
  if (points < 0 || !is_inside(selection.get(), extent.get())) {
    throw DataError(
        "{} is a virtual dataset that takes more elements from {} in {} than there are. Make the files again.",
        place.text(), name, found.string());
  }
  check(source.get(), {found, name, place.depth + 1});
  return static_cast<double>(points);
}

void check_virtual(hid_t dataset_id, hid_t creation, double elements, const Place& place) {
  if (place.depth >= deepest) throw DataError("{} is a virtual dataset that refers to itself.", place.text());
  std::size_t sources = 0;
  H5Pget_virtual_count(creation, &sources);
  double given = 0;
  for (std::size_t i = 0; i < sources; ++i) given += check_source(dataset_id, creation, i, place);
  if (given >= elements) return;
  throw DataError(
      "{} is a virtual dataset of {:.0f} elements, and its sources give {:.0f} of them. Write all of it, or leave "
      "out what is missing.",
      place.text(), elements, given);
}

void check_external(hid_t creation, int files, const Place& place) {
  const fs::path folder = environment("HDF5_EXTFILE_PREFIX").value_or("");
  for (int i = 0; i < files; ++i) {
    std::array<char, 4096> name{};
    off_t offset = 0;
    hsize_t bytes = 0;
    H5Pget_external(creation, static_cast<unsigned>(i), name.size() - 1, name.data(), &offset, &bytes);
    const fs::path path = folder / name.data();
    std::error_code missing;
    const std::uintmax_t size = fs::file_size(path, missing);
    note_input(path);
    if (!missing && (bytes == H5F_UNLIMITED || size >= static_cast<std::uintmax_t>(offset) + bytes)) continue;
    throw DataError(
        "{} is stored in the file {}, which {}. Put the whole file where srwm is started (HDF5_EXTFILE_PREFIX names "
        "another "
        "folder), or write the dataset into one file.",
        place.text(), path.string(), missing ? "is not there" : "is too short");
  }
}

/// What was written of a dataset with chunks, and how many chunks it has.
void check_chunks(hid_t dataset_id, hid_t creation, hid_t space, const Place& place) {
#if H5_VERSION_GE(1, 10, 5)
  std::array<hsize_t, H5S_MAX_RANK> extent{}, chunk{};
  const int rank = H5Sget_simple_extent_dims(space, extent.data(), nullptr);
  H5Pget_chunk(creation, rank, chunk.data());
  double chunks = 1;
  for (std::size_t axis = 0; axis < static_cast<std::size_t>(std::max(rank, 0)); ++axis) {
    const hsize_t along_axis = (extent[axis] + chunk[axis] - 1) / std::max<hsize_t>(chunk[axis], 1);
    chunks *= static_cast<double>(along_axis);
  }
  hsize_t written = 0;
  const bool known = H5Dget_num_chunks(dataset_id, space, &written) >= 0;
  if (!known || static_cast<double>(written) >= chunks) return;
  throw DataError(
      "{} has {:.0f} chunks, of which {} were written; the others have no values. The program that wrote the file did "
      "not finish: make the file again.",
      place.text(), chunks, written);
#else
  static_cast<void>(dataset_id), static_cast<void>(creation), static_cast<void>(space), static_cast<void>(place);
#endif
}

void check_contiguous(hid_t dataset_id, double bytes, const Place& place) {
  const auto stored = static_cast<double>(H5Dget_storage_size(dataset_id));
  if (stored >= bytes) return;
  throw DataError(
      "{} should have {:.0f} bytes, of which {:.0f} were written; the others have no values. The program that wrote "
      "the file did not finish: make the file again.",
      place.text(), bytes, stored);
}

/// Whether the library can undo a filter. Asking makes HDF5 look for a plug-in in HDF5_PLUGIN_PATH.
bool can_read(H5Z_filter_t filter) {
  unsigned abilities = 0;
  return H5Zfilter_avail(filter) > 0 && H5Zget_filter_info(filter, &abilities) >= 0 &&
         (abilities & H5Z_FILTER_CONFIG_DECODE_ENABLED) != 0;
}

bool is_of_deflate(H5Z_filter_t filter) {
  return filter == H5Z_FILTER_DEFLATE || filter == H5Z_FILTER_SHUFFLE || filter == H5Z_FILTER_FLETCHER32;
}

/// Refuses compressions that this library lacks. Returns whether deflate is the only one.
bool check_filters(hid_t creation, const Place& place) {
  bool only_deflate = true;
  const int filters = H5Pget_nfilters(creation);
  for (int i = 0; i < filters; ++i) {
    std::array<char, 64> name{};
    unsigned flags = 0, config = 0;
    std::size_t values = 0;
    const H5Z_filter_t filter = H5Pget_filter2(creation, static_cast<unsigned>(i), &flags, &values, nullptr,
                                               name.size() - 1, name.data(), &config);
    if (filter < 0) continue;
    only_deflate = only_deflate && is_of_deflate(filter);
    if (can_read(filter)) continue;
    throw DataError(
        "{} is compressed with {} (HDF5 filter {}), which this HDF5 library cannot read. Write the file again with "
        "gzip: data_scripts/rewrite_hdf5.py {} OUT.h5",
        place.text(), name[0] == '\0' ? "an unnamed filter" : name.data(), filter, place.path.string());
  }
  return only_deflate;
}

/// Refuses extents that a damaged header may hold before memory is asked for them.
void check_compression(hid_t dataset_id, double bytes, const Place& place) {
  const auto stored = static_cast<double>(H5Dget_storage_size(dataset_id));
  if (bytes <= always_accepted_bytes + largest_compression * stored) return;
  throw DataError("{} claims {:.0f} bytes but only {:.0f} bytes of it are stored: the file is damaged.", place.text(),
                  bytes, stored);
}

/// The file that holds a dataset is an input of the command: another one than the file opened, where a virtual dataset
/// or a link leads to it.
void note_holding_file(hid_t dataset_id, const Place& place) {
  std::array<char, 4096> name{};
  if (H5Fget_name(dataset_id, name.data(), name.size()) <= 0) return;
  if (place.depth > 0 || place.path != name.data()) note_input(name.data());
}

void check(hid_t dataset_id, const Place& place) {
  note_holding_file(dataset_id, place);
  const Handle creation(H5Dget_create_plist(dataset_id), H5Pclose), space(H5Dget_space(dataset_id), H5Sclose),
      type(H5Dget_type(dataset_id), H5Tclose);
  const double elements = elements_of(space.get());
  const double bytes = elements * static_cast<double>(H5Tget_size(type.get()));
  if (!(elements > 0)) return;
  const H5D_layout_t layout = H5Pget_layout(creation.get());
  if (layout == H5D_VIRTUAL) return check_virtual(dataset_id, creation.get(), elements, place);
  if (const int files = H5Pget_external_count(creation.get()); files > 0) {
    return check_external(creation.get(), files, place);
  }
  if (layout == H5D_CONTIGUOUS) return check_contiguous(dataset_id, bytes, place);
  if (layout != H5D_CHUNKED) return;
  const bool only_deflate = check_filters(creation.get(), place);
  check_chunks(dataset_id, creation.get(), space.get(), place);
  if (only_deflate) check_compression(dataset_id, bytes, place);
}

}  // namespace

void check_storage(hid_t dataset_id, const fs::path& path, const std::string& dataset) {
  check(dataset_id, {path, dataset});
}

std::string describe_broken_link(hid_t file, const std::string& object) {
  for (const std::string& prefix : path_prefixes(object)) {
    H5L_info_t info{};
    if (H5Lexists(file, prefix.c_str(), H5P_DEFAULT) <= 0) return "";
    if (H5Oexists_by_name(file, prefix.c_str(), H5P_DEFAULT) > 0) continue;
    if (H5Lget_info(file, prefix.c_str(), &info, H5P_DEFAULT) < 0 || info.type == H5L_TYPE_HARD) return "";
    std::vector<char> value(info.u.val_size + 1, '\0');
    if (H5Lget_val(file, prefix.c_str(), value.data(), value.size(), H5P_DEFAULT) < 0) return "";
    if (info.type == H5L_TYPE_SOFT) return fmt::format("{} is a link to {}, which is not there", prefix, value.data());
    const char *target_file = nullptr, *target = nullptr;
    if (H5Lunpack_elink_val(value.data(), info.u.val_size, nullptr, &target_file, &target) < 0) return "";
    return fmt::format("{} is a link to {} in the file {}, which is not there", prefix, target, target_file);
  }
  return "";
}

}  // namespace srwm::hdf5
