# dirql_own_code(target) - the code of a static library lies in a section of its own, in whatever program
# links it, so that the machine can tell it from the code of the driver (lib/host/own_posix.c).
#
# A shared library is told by its file. Without this (no objcopy, or a linker that optimises: its objects hold no
# code) some faults are looked up on the stack alone.

function(dirql_own_code target)
    get_target_property(type ${target} TYPE)
    if(NOT type STREQUAL "STATIC_LIBRARY" OR NOT CMAKE_OBJCOPY OR WIN32 OR APPLE)
        return()
    endif()
    if(CMAKE_INTERPROCEDURAL_OPTIMIZATION OR "${CMAKE_C_FLAGS} ${CMAKE_CXX_FLAGS}" MATCHES "-flto")
        return()
    endif()
    set(renamed)
    foreach(section .text .text.unlikely .text.startup .text.hot)
        list(APPEND renamed --rename-section ${section}=dirql_code)
    endforeach()
    add_custom_command(TARGET ${target} POST_BUILD
        COMMAND ${CMAKE_OBJCOPY} ${renamed} $<TARGET_FILE:${target}>
        VERBATIM)
endfunction()
