# dirql_warnings(target) turns on the warnings that all code of this repository is free of, with gcc and
# with clang. DIRQL_WERROR makes them errors.
#
# Left out, with the reason:
#   -Wconversion, -Wsign-conversion   NT types mix widths and signs by definition (ULONG, SIZE_T, LONG
#                                     statuses); the casts would hide more than the warning finds.
#   -Wcast-qual, -Wcast-align         CONTAINING_RECORD and the documented PVOID contexts cast by design.
#   -Wmultichar                       Pool tags are multi-character constants.
#   -Wpadded                          Layouts of kernel structures are checked by static assertions.
#   -Wdeclaration-after-statement     C11 allows declaring where a value is first known.
#   -Wnon-virtual-dtor                COM interfaces have no virtual destructor: it would be a slot.
#   -Wformat, with mingw-w64 only     gcc takes the attribute format(printf) there for that of Microsoft's old
#                                     C library, which knows no %zu.
#   -Warray-bounds, with a sanitizer  gcc's checks change the flow, and it then warns of trailing arrays of
#                                     one element, as CM_RESOURCE_LIST has them.
set(DIRQL_WARNINGS
    -Wall
    -Wextra
    -Wpedantic
    -Wformat=2
    -Wpointer-arith
    -Wshadow
    -Wundef
    -Wvla
    -Wwrite-strings
    -Wno-multichar
    )
set(DIRQL_WARNINGS_C
    -Wmissing-prototypes
    -Wold-style-definition
    -Wstrict-prototypes
    )

function(dirql_warnings target)
    if(NOT CMAKE_C_COMPILER_ID MATCHES "GNU|Clang")
        return()
    endif()
    target_compile_options(${target} PRIVATE
        ${DIRQL_WARNINGS}
        "$<$<COMPILE_LANGUAGE:C>:${DIRQL_WARNINGS_C}>"
        "$<$<BOOL:${MINGW}>:-Wno-format>"
        "$<$<BOOL:${DIRQL_SANITIZE}>:-Wno-array-bounds>"
        "$<$<BOOL:${DIRQL_WERROR}>:-Werror>")
endfunction()
