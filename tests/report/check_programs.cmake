# PROGRAM's tests fail. Its report files are well-formed, say so, and leave CMocka's own XML alone.
cmake_minimum_required(VERSION 3.20)

# Runs PROGRAM with report files `pattern` in FOLDER, which is new.
function(run pattern)
    file(REMOVE_RECURSE ${FOLDER})
    file(MAKE_DIRECTORY ${FOLDER})
    set(ENV{DIRQL_REPORT} ${pattern})
    execute_process(COMMAND ${PROGRAM} RESULT_VARIABLE status OUTPUT_VARIABLE out ERROR_VARIABLE err)
    if(NOT status EQUAL 15)
        message(FATAL_ERROR "${out}${err}\nDIRQL_REPORT=${pattern}: status ${status}, not 15")
    endif()
    set(out "${out}" PARENT_SCOPE)
endfunction()

function(check_xml file)
    if(XMLLINT)
        execute_process(COMMAND ${XMLLINT} --noout ${file} RESULT_VARIABLE status ERROR_VARIABLE err)
    elseif(PYTHON)
        execute_process(COMMAND ${PYTHON} -c "import sys, xml.dom.minidom as x; x.parse(sys.argv[1])" ${file}
            RESULT_VARIABLE status ERROR_VARIABLE err)
    else()
        return()
    endif()
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${file} is not well-formed:\n${err}")
    endif()
endfunction()

function(expect file text)
    file(READ ${file} content)
    string(FIND "${content}" "${text}" place)
    if(place EQUAL -1)
        message(FATAL_ERROR "${file} does not say\n${text}\n${content}")
    endif()
endfunction()

cmake_path(GET PROGRAM FILENAME name)

run("${FOLDER}/%e.sarif,${FOLDER}/%e.xml")
check_xml(${FOLDER}/${name}.xml)
expect(${FOLDER}/${name}.xml "<testcase name=\"fails_in_dpc\" classname=\"${name}\"")
expect(${FOLDER}/${name}.xml "type=\"assertion\"")
expect(${FOLDER}/${name}.xml "tests=\"18\" failures=\"14\" errors=\"0\" skipped=\"2\"")
expect(${FOLDER}/${name}.sarif "\"id\":\"dirql/${name}/\"")
expect(${FOLDER}/${name}.sarif "fails.c\"")
expect(${FOLDER}/${name}.sarif "\"name\":\"fail_in_isr\"")
if(PYTHON)
    execute_process(COMMAND ${PYTHON} -m json.tool ${FOLDER}/${name}.sarif
        RESULT_VARIABLE status OUTPUT_QUIET ERROR_VARIABLE err)
    if(NOT status EQUAL 0)
        message(FATAL_ERROR "${name}.sarif is not well-formed:\n${err}")
    endif()
endif()

# A folder gets both kinds, of each process; nothing else is left there.
run("${FOLDER}/")
file(GLOB files RELATIVE ${FOLDER} ${FOLDER}/*)
list(LENGTH files count)
if(NOT count EQUAL 2 OR NOT "${files}" MATCHES "${name}-[0-9]+\\.sarif;${name}-[0-9]+\\.xml")
    message(FATAL_ERROR "a folder holds: ${files}")
endif()

# Each test's own file.
run("${FOLDER}/%n.xml")
check_xml(${FOLDER}/fails_in_dpc.xml)
expect(${FOLDER}/fails_in_dpc.xml "<testsuites name=\"${name}\" tests=\"1\" failures=\"1\"")

# CMocka's own XML is as it was.
set(ENV{CMOCKA_MESSAGE_OUTPUT} XML)
run("${FOLDER}/%e.xml")
check_xml(${FOLDER}/${name}.xml)
if(NOT out MATCHES "<testsuites>" OR NOT out MATCHES "<testcase name=\"fails_in_dpc\"")
    message(FATAL_ERROR "CMocka's own XML is gone:\n${out}")
endif()
file(WRITE ${FOLDER}/cmocka.xml "${out}")
check_xml(${FOLDER}/cmocka.xml)
