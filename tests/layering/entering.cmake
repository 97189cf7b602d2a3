# Holds the services' DQ_ENTER lines against a rule: an argument that follows a pointer of the caller's
# is read by DQ_READ, so that a bad one is found in the line that called.
#
#   cmake -DROOT=<repository> -P entering.cmake
cmake_minimum_required(VERSION 3.20)

file(GLOB_RECURSE files RELATIVE ${ROOT} ${ROOT}/lib/*.c)
list(SORT files)
set(offences 0)
set(count 0)
foreach(file ${files})
    file(READ ${ROOT}/${file} text)
    # What lists of CMake stumble over.
    string(REPLACE ";" "@" text "${text}")
    string(REPLACE "[" "<index>" text "${text}")
    string(REPLACE "]" "</index>" text "${text}")
    string(REGEX MATCHALL "\n +DQ_ENTER\\([^@]*@" calls "${text}")
    foreach(call IN LISTS calls)
        math(EXPR count "${count} + 1")
        string(REGEX REPLACE "DQ_READ\\([^()]*\\)" "read" rest "${call}")
        if(rest MATCHES "->|<index>|[,(] *\\*[A-Za-z(]")
            string(STRIP "${call}" call)
            message("${file}: an argument follows a pointer; read it by DQ_READ (sim/computing.h):\n"
                "    ${call}")
            math(EXPR offences "${offences} + 1")
        endif()
    endforeach()
endforeach()

if(count EQUAL 0)
    message(FATAL_ERROR "no service found under ${ROOT}")
elseif(offences GREATER 0)
    message(FATAL_ERROR "${offences} of ${count} services read before they have begun")
endif()
message("${count} services read nothing before they have begun")
