# dirql_find_cmocka(found) makes the target cmocka::cmocka, whatever the installed CMocka offers: newer
# releases bring it, 1.1.5 has only variables, and some packages have a pkg-config file alone. Used by
# the build and, installed, by dirql-config.cmake.
function(dirql_find_cmocka found)
    find_package(cmocka QUIET)
    if(NOT TARGET cmocka::cmocka)
        if(NOT CMOCKA_LIBRARIES)
            find_library(CMOCKA_LIBRARIES cmocka)
        endif()
        if(NOT CMOCKA_INCLUDE_DIR)
            find_path(CMOCKA_INCLUDE_DIR cmocka.h)
        endif()
        if(CMOCKA_LIBRARIES AND CMOCKA_INCLUDE_DIR)
            add_library(cmocka::cmocka INTERFACE IMPORTED GLOBAL)
            set_target_properties(cmocka::cmocka PROPERTIES
                INTERFACE_LINK_LIBRARIES "${CMOCKA_LIBRARIES}")
            # The compiler's own directories must not be named: it would change their order.
            if(NOT CMOCKA_INCLUDE_DIR IN_LIST CMAKE_C_IMPLICIT_INCLUDE_DIRECTORIES)
                set_target_properties(cmocka::cmocka PROPERTIES
                    INTERFACE_INCLUDE_DIRECTORIES "${CMOCKA_INCLUDE_DIR}")
            endif()
        endif()
    endif()
    if(TARGET cmocka::cmocka)
        set(${found} ON PARENT_SCOPE)
    else()
        set(${found} OFF PARENT_SCOPE)
    endif()
endfunction()
