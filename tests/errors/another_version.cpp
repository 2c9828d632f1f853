// A CUDA library of another version of srwm, for devices_test.cpp.
extern "C" const char* srwm_cuda_version() {
  return "srwm 0.0.0";
}
