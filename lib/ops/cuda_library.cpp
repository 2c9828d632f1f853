#include "ops/cuda_library.h"

#include <filesystem>

#include <dlfcn.h>

#include "core/error.h"
#include "core/program_folder.h"
#include "core/version.h"

namespace srwm {
namespace {

constexpr const char* file_name = "libsrwm_cuda.so";

/// Next to the program, where an installation has it, then the paths of the loader.
std::string library_path() {
  const std::filesystem::path path = find_beside_program(file_name);
  return path.empty() ? file_name : path.string();
}

template <typename Function>
Function symbol(void* library, const char* name) {
  void* address = dlsym(library, name);
  if (address == nullptr) {
    throw DeviceError("{} is not srwm's: it has no '{}'. Install srwm again.", file_name, name);
  }
  return reinterpret_cast<Function>(address);
}

CudaLibrary::BackendOf open_library() {
  const std::string path = library_path();
  void* library = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (library == nullptr) {
    const std::string reason = dlerror();
    if (path == file_name) {
      throw DeviceError(
          "This srwm has no CUDA library ({} is neither beside the program nor among the system's libraries). Use "
          "--device "
          "cpu, or build with SRWM_CUDA=ON.",
          file_name);
    }
    throw DeviceError("{} cannot be loaded: {}. It needs the NVIDIA driver and cuBLAS of CUDA 12 or later.", path,
                      reason);
  }
  const std::string version = symbol<CudaLibrary::Version>(library, CudaLibrary::version_symbol)();
  if (version != generator()) {
    throw DeviceError("{} belongs to {}, this is {}. Install both from the same build.", path, version, generator());
  }
  return symbol<CudaLibrary::BackendOf>(library, CudaLibrary::backend_symbol);
}

}  // namespace

const Backend& load_cuda_backend(int device) {
  static const CudaLibrary::BackendOf backend_of = open_library();
  return *backend_of(device);
}

bool cuda_is_usable() {
  try {
    load_cuda_backend(0);
    return true;
  } catch (const DeviceError&) {
    return false;
  }
}

}  // namespace srwm
