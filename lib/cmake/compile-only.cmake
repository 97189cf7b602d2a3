# A compile-only build has the CMocka header of the building machine in place of a CMocka: the header is
# the same everywhere, and nothing is linked. It is copied to be alone in its folder.
find_file(DIRQL_CMOCKA_HEADER cmocka.h NO_CMAKE_FIND_ROOT_PATH
    PATHS /usr/include /usr/local/include)
if(DIRQL_CMOCKA_HEADER AND NOT TARGET cmocka::cmocka)
    file(COPY ${DIRQL_CMOCKA_HEADER} DESTINATION ${PROJECT_BINARY_DIR}/cmocka)
    add_library(cmocka::cmocka INTERFACE IMPORTED GLOBAL)
    set_target_properties(cmocka::cmocka PROPERTIES
        INTERFACE_INCLUDE_DIRECTORIES ${PROJECT_BINARY_DIR}/cmocka)
    set(DIRQL_HAVE_CMOCKA ON)
endif()
