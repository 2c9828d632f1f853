// Shared by the hdf5*.cpp files only: whether the values of a dataset are there and can be read.
#pragma once

#include <filesystem>
#include <string>

#include <hdf5.h>

namespace srwm::hdf5 {

/// HDF5 gives zeros, or a fill value, for what was never written, and for files of a virtual dataset that are gone.
/// DataError naming what is missing: a file that a virtual or external dataset refers to, chunks that were never
/// written, a compression that this HDF5 library does not have, or more elements claimed than the bytes stored can
/// hold. `path` and `dataset` are for messages and for finding other files. Each file that values come from is noted as
/// an input (io/file_use.h).
void check_storage(hid_t dataset_id, const std::filesystem::path& path, const std::string& dataset);

/// What a link that leads nowhere names: "a link to /a in the file b.h5, which is not there"; empty if there is no such
/// link.
std::string describe_broken_link(hid_t file, const std::string& object);

}  // namespace srwm::hdf5
