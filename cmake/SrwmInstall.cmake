# cmake --install: the binary, the CUDA library beside it, experiments, documentation, manual page, completions.
include(GNUInstallDirs)
if(TARGET srwm)
  install(TARGETS srwm RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  install(FILES ${SRWM_MAN_PAGE} DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
  install(FILES ${SRWM_COMPLETIONS}/srwm.bash DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions RENAME srwm)
  install(FILES ${SRWM_COMPLETIONS}/_srwm DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
  # The CUDA library stands in lib/srwm; libraries found outside the system's folders keep their place.
  set_target_properties(srwm PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/srwm"
                                        INSTALL_RPATH_USE_LINK_PATH ON)
endif()
if(TARGET srwm_cuda)
  set_target_properties(srwm_cuda PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS srwm_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/srwm)
endif()
if(TARGET srwm AND TARGET srwm_games)
  set_target_properties(srwm_games PROPERTIES INSTALL_RPATH "$ORIGIN" INSTALL_RPATH_USE_LINK_PATH ON)
  install(TARGETS srwm_games LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/srwm)
endif()
get_property(mpi_plugins GLOBAL PROPERTY SRWM_MPI_PLUGINS)
foreach(family ${mpi_plugins})
  install(PROGRAMS ${PROJECT_BINARY_DIR}/apps/srwm/libsrwm_mpi_${family}.so
          DESTINATION ${CMAKE_INSTALL_LIBDIR}/srwm)
endforeach()
# For libraries of environments that others write, in C or C++.
install(FILES ${PROJECT_SOURCE_DIR}/lib/env/libenv.h DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/srwm)
foreach(folder examples experiments data_scripts)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/srwm
          USE_SOURCE_PERMISSIONS PATTERN "__pycache__" EXCLUDE)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})

# What a portable program is made of besides srwm is listed, for the licences' sake.
if(SRWM_PORTABLE AND TARGET srwm)
  set_target_properties(srwm PROPERTIES BUILD_WITH_INSTALL_RPATH ON INSTALL_RPATH_USE_LINK_PATH OFF)
  set_target_properties(srwm_games PROPERTIES INSTALL_RPATH_USE_LINK_PATH OFF)
  target_link_options(srwm_games PRIVATE -Wl,--as-needed -Wl,--gc-sections)
  # What is not used goes, and with it symbols that only a newer glibc has.
  target_link_options(srwm PRIVATE -Wl,--as-needed -Wl,--gc-sections)
  if(TARGET srwm_cuda)
    set_target_properties(srwm_cuda PROPERTIES INSTALL_RPATH_USE_LINK_PATH OFF)
    target_link_options(srwm_cuda PRIVATE -Wl,--as-needed)
  else()
    target_link_options(srwm PRIVATE -static-libstdc++ -static-libgcc)
    target_link_options(srwm_games PRIVATE -static-libstdc++ -static-libgcc)
    target_sources(srwm PRIVATE ${PROJECT_SOURCE_DIR}/packaging/dl_find_object.cpp)
    target_sources(srwm_games PRIVATE ${PROJECT_SOURCE_DIR}/packaging/dl_find_object.cpp)
  endif()
  set(parts ${HDF5_C_LIBRARIES} ${PNG_LIBRARIES} ${OpenMP_CXX_LIBRARIES} ${SRWM_${SRWM_BLAS}_LIBRARY}
            ${fmt_CONFIG} ${spdlog_CONFIG} ${nlohmann_json_CONFIG} ${CLI11_CONFIG})
  list(FILTER parts INCLUDE REGEX "^/")
  list(FILTER parts EXCLUDE REGEX "/libpthread\\.")  # an empty archive of the C library
  list(JOIN parts "\n" parts)
  file(WRITE ${PROJECT_BINARY_DIR}/third_party.txt "${parts}\n")
endif()
