// Datasets that stay in their file: mapped into memory, page by page as they are used.
#include <memory>

#include <sys/mman.h>
#include <unistd.h>

#include "io/hdf5.h"
#include "io/hdf5_handle.h"
#include "io/hdf5_storage.h"

namespace srwm::hdf5 {
namespace {

/// Whether the elements lie in the file itself, in one piece, as bytes.
bool is_one_piece(hid_t dataset, hid_t file) {
  const Handle type(H5Dget_type(dataset), H5Tclose), creation(H5Dget_create_plist(dataset), H5Pclose);
  const Handle file_creation(H5Fget_create_plist(file), H5Pclose);
  hsize_t user_block = 0;
  return H5Tequal(type.get(), H5T_STD_U8LE) > 0 && H5Pget_layout(creation.get()) == H5D_CONTIGUOUS &&
         H5Pget_external_count(creation.get()) == 0 && H5Pget_userblock(file_creation.get(), &user_block) >= 0 &&
         user_block == 0;
}

/// The descriptor behind an open file; -1 if it is not a plain file.
int descriptor_of(hid_t file) {
  const Handle access(H5Fget_access_plist(file), H5Pclose);
  void* descriptor = nullptr;
  if (H5Pget_driver(access.get()) != H5FD_SEC2 || H5Fget_vfd_handle(file, access.get(), &descriptor) < 0) return -1;
  return *static_cast<const int*>(descriptor);
}

/// Bytes [offset, offset + size) of a file, read-only; null if the system does not map them.
std::shared_ptr<void> map_bytes(int descriptor, std::size_t offset, std::size_t size) {
  const std::size_t before = offset % static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  const auto start = static_cast<off_t>(offset - before);
  void* const address = ::mmap(nullptr, before + size, PROT_READ, MAP_SHARED, descriptor, start);
  if (address == MAP_FAILED) return nullptr;
  const std::shared_ptr<void> mapping(address, [length = before + size](void* at) { ::munmap(at, length); });
  return {mapping, static_cast<std::byte*>(address) + before};
}

}  // namespace

Tensor File::map(const std::string& dataset) const {
  const Shape all = shape(dataset);
  const Handle opened(H5Dopen2(handle_, dataset.c_str(), H5P_DEFAULT), H5Dclose);
  check_storage(opened.get(), path_, dataset);
  const int descriptor = descriptor_of(handle_);
  const haddr_t offset = H5Dget_offset(opened.get());
  if (descriptor < 0 || offset == HADDR_UNDEF || all.numel() == 0 || !is_one_piece(opened.get(), handle_)) return {};
  std::shared_ptr<void> bytes = map_bytes(descriptor, offset, static_cast<std::size_t>(all.numel()));
  return bytes ? Tensor(std::move(bytes), all, DType::u8) : Tensor();
}

}  // namespace srwm::hdf5
