# Version, commit and dirty flag, written at build time into a header that only core/version.cpp includes.
set(SRWM_VERSION_HEADER ${PROJECT_BINARY_DIR}/generated/srwm_build_info.h)
add_custom_target(srwm_build_info
  COMMAND ${CMAKE_COMMAND} -DSOURCE_DIR=${PROJECT_SOURCE_DIR} -DOUTPUT=${SRWM_VERSION_HEADER}
          -DVERSION=${PROJECT_VERSION} -DBUILD_TYPE=${CMAKE_BUILD_TYPE} -P ${PROJECT_SOURCE_DIR}/cmake/WriteBuildInfo.cmake
  BYPRODUCTS ${SRWM_VERSION_HEADER} COMMENT "Looking up the commit" VERBATIM)
