# BUILD_TESTING=OFF configures SOURCE without tests and examples.
cmake_minimum_required(VERSION 3.20)
execute_process(
    COMMAND ${CMAKE_COMMAND} -S ${SOURCE} -B ${FOLDER} -G ${GENERATOR} -DBUILD_TESTING=OFF
        -DCMAKE_C_COMPILER=${COMPILER} -DCMAKE_CXX_COMPILER=${CXX_COMPILER}
    RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE out)
execute_process(COMMAND ${CMAKE_CTEST_COMMAND} -N --test-dir ${FOLDER} OUTPUT_VARIABLE tests)
if(NOT status EQUAL 0 OR NOT tests MATCHES "Total Tests: 0")
    message(FATAL_ERROR "${out}\n${tests}")
endif()
