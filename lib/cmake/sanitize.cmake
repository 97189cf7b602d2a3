# DIRQL_SANITIZE names the sanitizers that everything in this build runs under.
#
# The vptr check of UBSan is left out: it takes an interface table written in C for a broken C++ object,
# and PortCls is C that serves C++ miniports.
#
# clang puts its sanitizers into the executable unless told otherwise. Live mode could not tell them from
# driver code there, so it is told.
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
    if(CMAKE_C_COMPILER_ID MATCHES "Clang" AND NOT "thread" IN_LIST DIRQL_SANITIZE)
        execute_process(
            COMMAND ${CMAKE_C_COMPILER} -print-file-name=libclang_rt.asan-${CMAKE_SYSTEM_PROCESSOR}.so
            OUTPUT_VARIABLE dirql_runtime OUTPUT_STRIP_TRAILING_WHITESPACE)
        get_filename_component(dirql_runtime_folder "${dirql_runtime}" DIRECTORY)
        add_link_options(-shared-libsan)
        if(dirql_runtime_folder)
            add_link_options("LINKER:-rpath,${dirql_runtime_folder}")
        endif()
    endif()
endif()
