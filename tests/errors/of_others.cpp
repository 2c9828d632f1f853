// A library that is not srwm's, for devices_test.cpp.
extern "C" int unrelated() {
  return 0;
}
