# Checks that each rule of rules.def and of its parts has a case that fires, and one that stays
# silent. Run with -DLIB=... -DTESTS=...
#
#   fires    assert_broken(), assert_verifier(), assert_error(), assert_finding_is(): a run of its own,
#            of which bug check code and all parameters are looked at; assert_warned(); assert_left() for
#            what is left; assert_child_said() of a process that ends
#   silent   assert_silent(), assert_left(), which looks at both, or a row KEPT("rule", ...)
#
# There are no exemptions. -DHIDE=file leaves one file of the tests out, by which the check is checked.
cmake_policy(SET CMP0057 NEW)
file(GLOB parts ${LIB}/check/rules*.def)
set(rules "")
foreach(part ${parts})
    file(READ ${part} one)
    string(APPEND rules "${one}")
endforeach()
string(REGEX MATCHALL "DQ_(RULE|WARNING)_ROW\\([ \n]*\"[^\"]+\"" rows "${rules}")
list(LENGTH rows count)
if(count LESS 60)
    message(FATAL_ERROR "only ${count} rules were found")
endif()

file(GLOB_RECURSE files ${TESTS}/*.c ${TESTS}/*.cpp)
set(text "")
foreach(file ${files})
    get_filename_component(name ${file} NAME)
    if(NOT name STREQUAL "${HIDE}")
        file(READ ${file} one)
        string(APPEND text "${one}")
    endif()
endforeach()
set(runs "assert_broken|assert_verifier|assert_error|assert_finding_is|assert_warned|assert_left")
string(REGEX MATCHALL "((${runs})\\([^;]*;|assert_child_said\\([^;]*;)" fires "${text}")
string(REGEX MATCHALL "(assert_left\\([^;]*;|assert_silent\\([^;]*\"[^;]*;|KEPT\\([^)]*\\))" silents "${text}")

# Which rules are used.
set(used)
file(GLOB_RECURSE sources ${LIB}/*.c)
foreach(source ${sources})
    file(READ ${source} one)
    string(REGEX MATCHALL "\\.rule = \"[^\"]+\"" uses "${one}")
    list(APPEND used ${uses})
    string(REGEX MATCHALL "(dirql_control_fail|dq_find_outside)\\([a-z>.-]+,[ \n]*\"[^\"]+\"" uses "${one}")
    list(APPEND used ${uses})
endforeach()
list(REMOVE_DUPLICATES used)

set(gaps)
foreach(row ${rows})
    string(REGEX REPLACE ".*\"([^\"]+)\"" "\\1" name "${row}")
    string(FIND "${fires}" "\"${name}\"" fired)
    string(FIND "${silents}" "\"${name}\"" kept)
    if(fired EQUAL -1)
        list(APPEND gaps "${name} (nothing fires)")
    endif()
    if(kept EQUAL -1)
        list(APPEND gaps "${name} (nothing stays silent)")
    endif()
endforeach()

# A finding whose rule has no row has no page, no advice, and cannot be suppressed. Those of own.def
# are the machine's own, when it cannot go on, and the test's.
file(READ ${LIB}/check/own.def own)
foreach(use ${used})
    string(REGEX REPLACE ".*\"([^\"]+)\"" "\\1" name "${use}")
    string(FIND "${rules}${own}" "\"${name}\"" row)
    if(row EQUAL -1)
        list(APPEND gaps "${name} (no row)")
    endif()
endforeach()
if(gaps)
    list(JOIN gaps "\n  " gaps)
    message(FATAL_ERROR "rules without a row or without both kinds of test:\n  ${gaps}")
endif()
