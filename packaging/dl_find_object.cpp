// Exceptions without glibc 2.35. GCC's archive of its unwinder asks glibc for _dl_find_object, which came with 2.35;
// this one, for the binaries of the tarballs, answers from dl_iterate_phdr, which every glibc has.
#include <cstddef>
#include <cstdint>

#include <dlfcn.h>
#include <link.h>

namespace {

struct Search {
  std::uintptr_t address;
  dl_find_object* result;
};

void* pointer(std::uintptr_t address) {
  return reinterpret_cast<void*>(address);
}

/// Fills in the result and returns 1 if the address lies in one of the object's segments.
int look_into(dl_phdr_info* object, std::size_t /*size*/, void* data) {
  const Search& search = *static_cast<const Search*>(data);
  *search.result = {};
  bool found = false;
  for (int i = 0; i < object->dlpi_phnum; ++i) {
    const ElfW(Phdr)& segment = object->dlpi_phdr[i];
    const std::uintptr_t begin = object->dlpi_addr + segment.p_vaddr;
    if (segment.p_type == PT_GNU_EH_FRAME) search.result->dlfo_eh_frame = pointer(begin);
    if (segment.p_type != PT_LOAD || search.address < begin || search.address - begin >= segment.p_memsz) continue;
    found = true;
    search.result->dlfo_map_start = pointer(begin);
    search.result->dlfo_map_end = pointer(begin + segment.p_memsz);
  }
  return found && search.result->dlfo_eh_frame != nullptr ? 1 : 0;
}

}  // namespace

/// As glibc's: 0 and the object that `address` lies in, with its exception tables, or -1. Leaves dlfo_link_map empty,
/// which the unwinder does not look at.
extern "C" __attribute__((visibility("hidden"))) int _dl_find_object(void* address, dl_find_object* result) noexcept {
  Search search{reinterpret_cast<std::uintptr_t>(address), result};
  return dl_iterate_phdr(look_into, &search) == 1 ? 0 : -1;
}
