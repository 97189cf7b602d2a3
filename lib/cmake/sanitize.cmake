# DIRQL_SANITIZE names the sanitizers that everything in this build runs under.
#
# The vptr check of UBSan is left out: it takes an interface table written in C for a broken C++ object,
# and PortCls is C that serves C++ miniports.
if(DIRQL_SANITIZE)
    string(REPLACE ";" "," dirql_sanitizers "${DIRQL_SANITIZE}")
    add_compile_options(
        -fsanitize=${dirql_sanitizers}
        -fno-omit-frame-pointer
        "$<$<COMPILE_LANGUAGE:CXX>:-fno-sanitize=vptr>")
    if("undefined" IN_LIST DIRQL_SANITIZE)
        add_compile_options(-fno-sanitize-recover=undefined)
    endif()
    add_link_options(-fsanitize=${dirql_sanitizers})
endif()
