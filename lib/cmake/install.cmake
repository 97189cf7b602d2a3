# What an installation holds:
#
#   include/dirql/        headers for tests        include/dirql-wdk/    headers for driver code
#   include/dirql-mocks/  headers of the mocks     lib/                  libraries
#   lib/cmake/dirql/      find_package(dirql)      lib/pkgconfig/        one file for each target
#
# Driver headers have a folder of their own, so that they never shadow a real WDK by accident: only who
# links dirql::wdk (or asks pkg-config for dirql-wdk) has wdm.h in reach.
#
# The pkg-config files are dirql, dirql-wdk, dirql-portcls, dirql-cmocka and dirql-mocks, one for each
# CMake target, all from lib/cmake/dirql.pc.in. -ldirql means the shared library where both are.

include(CMakePackageConfigHelpers)
set(package_dir ${CMAKE_INSTALL_LIBDIR}/cmake/dirql)

set(installed
    dirql dirql_host dirql_interface dirql_mocks dirql_portcls dirql_shared dirql_static dirql_wdk)
if(DIRQL_HAVE_CMOCKA)
    list(APPEND installed dirql_cmocka)
endif()
if(TARGET dirql_access)
    list(APPEND installed dirql_access)
endif()
foreach(target ${installed})
    string(REGEX REPLACE "^dirql_(access|host|interface|wdk|portcls|cmocka|mocks)$" "\\1" name ${target})
    set_target_properties(${target} PROPERTIES EXPORT_NAME ${name})
endforeach()

install(TARGETS ${installed} EXPORT dirql-targets
    RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
    LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR})
install(EXPORT dirql-targets NAMESPACE dirql:: DESTINATION ${package_dir})

install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/dirql DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
    FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/wdk/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dirql-wdk
    FILES_MATCHING PATTERN "*.h")
install(DIRECTORY ${PROJECT_SOURCE_DIR}/mocks/ DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}/dirql-mocks
    FILES_MATCHING PATTERN "*.h")
install(FILES ${PROJECT_SOURCE_DIR}/LICENSE DESTINATION ${CMAKE_INSTALL_DOCDIR})

configure_package_config_file(
    ${CMAKE_CURRENT_LIST_DIR}/dirql-config.cmake.in ${PROJECT_BINARY_DIR}/dirql-config.cmake
    INSTALL_DESTINATION ${package_dir})
write_basic_package_version_file(${PROJECT_BINARY_DIR}/dirql-config-version.cmake
    COMPATIBILITY SameMinorVersion)
install(FILES
    ${PROJECT_BINARY_DIR}/dirql-config.cmake
    ${PROJECT_BINARY_DIR}/dirql-config-version.cmake
    ${CMAKE_CURRENT_LIST_DIR}/dirql-cmocka.cmake
    ${CMAKE_CURRENT_LIST_DIR}/dirql-instrument.cmake
    ${CMAKE_CURRENT_LIST_DIR}/dirql-tmh.cmake
    DESTINATION ${package_dir})
install(PROGRAMS ${CMAKE_CURRENT_LIST_DIR}/dirql-list-functions.sh DESTINATION ${package_dir})
install(FILES ${PROJECT_SOURCE_DIR}/lib/access/instrumented.h
    DESTINATION ${package_dir} RENAME dirql-instrumented.h)

# dirql_install_pc(name description requires cflags libs private): one pkg-config file.
function(dirql_install_pc name description requires cflags libs private)
    # The prefix is told by the file's own place, so that an installation can be moved.
    file(RELATIVE_PATH up /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
    string(REGEX REPLACE "/$" "" up "${up}")
    configure_file(${PROJECT_SOURCE_DIR}/lib/cmake/dirql.pc.in
        ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc @ONLY)
    install(FILES ${PROJECT_BINARY_DIR}/pkgconfig/${name}.pc
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
endfunction()

set(guest_flags "-fshort-wchar -fno-optimize-sibling-calls -Wno-multichar -Wno-unknown-pragmas")
if(CMAKE_C_COMPILER_ID STREQUAL "GNU") # Clang neither has nor needs it.
    string(APPEND guest_flags " -fno-aggressive-loop-optimizations")
endif()
dirql_install_pc(dirql-wdk "Headers for Windows driver code" ""
    "-I\${includedir}/dirql-wdk ${guest_flags}" "" "")
dirql_install_pc(dirql "${PROJECT_DESCRIPTION}" "dirql-wdk"
    "-I\${includedir}" "-L\${libdir} -ldirql" "${DIRQL_PRIVATE_LIBS}")
dirql_install_pc(dirql-portcls "PortCls for dirql" "dirql" "" "-L\${libdir} -ldirql_portcls" "")
dirql_install_pc(dirql-mocks "Simulated hardware for dirql" "dirql"
    "-I\${includedir}/dirql-mocks" "-L\${libdir} -ldirql_mocks" "")
if(DIRQL_HAVE_CMOCKA)
    dirql_install_pc(dirql-cmocka "CMocka tests on dirql" "dirql cmocka"
        "" "-L\${libdir} -ldirql_cmocka" "")
endif()
