# cmake --install: the binary, the CUDA library beside it, experiments and documentation.
include(GNUInstallDirs)
if(TARGET srwm)
  install(TARGETS srwm RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
  # The CUDA library stands in lib/srwm; libraries found outside the system's folders keep their place.
  set_target_properties(srwm PROPERTIES INSTALL_RPATH "$ORIGIN/../${CMAKE_INSTALL_LIBDIR}/srwm"
                                        INSTALL_RPATH_USE_LINK_PATH ON)
endif()
if(TARGET srwm_cuda)
  install(TARGETS srwm_cuda LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/srwm)
endif()
foreach(folder experiments data_scripts)
  install(DIRECTORY ${PROJECT_SOURCE_DIR}/${folder} DESTINATION ${CMAKE_INSTALL_DATADIR}/srwm
          USE_SOURCE_PERMISSIONS PATTERN "__pycache__" EXCLUDE)
endforeach()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/docs/ DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE ${PROJECT_SOURCE_DIR}/CITATION.cff DESTINATION ${CMAKE_INSTALL_DOCDIR})
