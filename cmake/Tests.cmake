# Tests are found by themselves:
#
#   tests/layering.py            who may include whom                                    ctest -L layering
#   tests/unit/**/test_*.c       one CUnit executable each; main returns the failures    ctest -L unit
#   tests/unit/support/*.c       linked to all of them, headers as "support/x.h"
#   tests/fuzz/fuzz_*.c          LLVMFuzzerTestOneInput; replayed over corpus/<name>/    ctest -L fuzz
#   tests/system/**/test_*.py    pytest against the built program                        ctest -L system
#   tests/console/run.sh         the pages in Chromium, by Playwright                    ctest -L console
#   tests/bench/*.c              build/bench/<name>, target bench-<name>, not in ctest
#
# C tests link the rooms they include and all that those see, so that work on one room doesn't stop the tests of another.
# All get HIKESHI (the executable), HIKESHI_BUILD (the build folder) and HIKESHI_SOURCE (the tree) in the environment.

set(HK_TESTS "${CMAKE_SOURCE_DIR}/tests")
set(HK_PYTHON /usr/bin/python3)
set(HK_TEST_ENV "HIKESHI=${CMAKE_BINARY_DIR}/hikeshi" "HIKESHI_BUILD=${CMAKE_BINARY_DIR}"
    "HIKESHI_SOURCE=${CMAKE_SOURCE_DIR}" "PYTHONDONTWRITEBYTECODE=1"
    "ASAN_OPTIONS=abort_on_error=1:detect_stack_use_after_return=1:strict_string_checks=1"
    "UBSAN_OPTIONS=print_stacktrace=1:abort_on_error=1"
    "TSAN_OPTIONS=halt_on_error=1:second_deadlock_stack=1")
if(HK_SANITIZE OR HK_COVERAGE)
    set(hk_slower 4)
else()
    set(hk_slower 1)
endif()

function(hk_test name label timeout_s)
    add_test(NAME ${name} COMMAND ${ARGN} WORKING_DIRECTORY "${CMAKE_SOURCE_DIR}")
    math(EXPR timeout_s "${timeout_s} * ${hk_slower}")
    set_tests_properties(${name} PROPERTIES LABELS ${label} TIMEOUT ${timeout_s}
        ENVIRONMENT "${HK_TEST_ENV}")
endfunction()

# Collect in OUT the archives of all rooms that FILES include, and of those that they see in turn.
function(hk_rooms_of out)
    set(wanted "")
    foreach(file ${ARGN})
        set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${file}")
        file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]+\"[a-z]+/")
        foreach(line ${lines})
            string(REGEX REPLACE "^[^\"]*\"([a-z]+)/.*$" "\\1" room "${line}")
            list(APPEND wanted ${room})
        endforeach()
    endforeach()
    set(rooms "")
    while(wanted)
        list(POP_FRONT wanted room)
        if(room IN_LIST HK_ROOMS AND NOT room IN_LIST rooms)
            list(APPEND rooms ${room})
            if(DEFINED HK_SEES_${room})
                list(APPEND wanted ${HK_SEES_${room}})
            else()
                list(APPEND wanted base)
            endif()
        endif()
    endwhile()
    list(TRANSFORM rooms PREPEND "hk_")
    list(TRANSFORM rooms APPEND "_archive")
    set(${out} "${rooms}" PARENT_SCOPE)
endfunction()

# Collect in OUT the parts of plugins that FILES include.
function(hk_plugin_parts_of out)
    set(parts "")
    foreach(file ${ARGN})
        file(STRINGS "${file}" lines REGEX "^[ \t]*#[ \t]*include[ \t]+\"[a-z]+/")
        foreach(line ${lines})
            string(REGEX REPLACE "^[^\"]*\"([a-z]+)/.*$" "\\1" name "${line}")
            if(name IN_LIST HK_BUILT_plugin-)
                list(APPEND parts plugin-${name}-parts)
            elseif(name STREQUAL "shared")
                list(APPEND parts plugin-shared)
            endif()
        endforeach()
    endforeach()
    list(REMOVE_DUPLICATES parts)
    set(${out} "${parts}" PARENT_SCOPE)
endfunction()

# Add the executable TARGET, called NAME in the folder OUTPUT, that can use the rooms its sources include.
function(hk_test_executable target name output)
    add_executable(${target} ${ARGN})
    hk_rooms_of(archives ${ARGN})
    set_target_properties(${target} PROPERTIES OUTPUT_NAME ${name}
        RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${output}")
    hk_plugin_parts_of(parts ${ARGN})
    target_compile_options(${target} PRIVATE "-iquote${HK_CORE}" "-iquote${HK_TESTS}/unit"
        "-iquote${CMAKE_SOURCE_DIR}/plugins")
    target_include_directories(${target} PRIVATE "${HK_SDK_INCLUDE}")
    if(archives)
        list(JOIN archives "," group)
        target_link_libraries(${target} PRIVATE "$<LINK_GROUP:RESCAN,${group}>")
    endif()
    target_link_libraries(${target} PRIVATE ${parts} ${HK_OUTSIDE_ALL})
endfunction()

hk_test(layering layering 60 ${HK_PYTHON} "${HK_TESTS}/layering.py")

# Unit tests.
file(GLOB support CONFIGURE_DEPENDS "${HK_TESTS}/unit/support/*.c")
file(GLOB units CONFIGURE_DEPENDS "${HK_TESTS}/unit/test_*.c" "${HK_TESTS}/unit/*/test_*.c")
add_custom_target(unit-all)
foreach(unit ${units})
    cmake_path(RELATIVE_PATH unit BASE_DIRECTORY "${HK_TESTS}/unit" OUTPUT_VARIABLE name)
    string(REGEX REPLACE "test_([^/]*)\\.c$" "\\1" name "${name}")
    string(REPLACE "/" "-" name "${name}")
    hk_test_executable(unit-${name} ${name} tests/unit "${unit}" ${support})
    target_include_directories(unit-${name} SYSTEM PRIVATE "${HK_CUNIT_INCLUDE}")
    target_link_libraries(unit-${name} PRIVATE "${HK_CUNIT_LIBRARY}")
    add_dependencies(unit-all unit-${name})
    hk_test(unit-${name} unit 240 unit-${name})
    # Should a test's main forget to return its failures, CUnit's own words still count.
    set_tests_properties(unit-${name} PROPERTIES
        FAIL_REGULAR_EXPRESSION "\\.\\.\\.FAILED;had failures")
endforeach()

# Fuzz targets.
file(GLOB fuzzers CONFIGURE_DEPENDS "${HK_TESTS}/fuzz/fuzz_*.c")
file(GLOB corpora CONFIGURE_DEPENDS LIST_DIRECTORIES true "${HK_TESTS}/fuzz/corpus/*")
add_custom_target(fuzz-all)
foreach(fuzzer ${fuzzers})
    cmake_path(GET fuzzer STEM name)
    if(HK_FUZZ)
        hk_test_executable(${name} ${name} tests/fuzz "${fuzzer}")
        target_link_options(${name} PRIVATE -fsanitize=fuzzer)
    else()
        hk_test_executable(${name} ${name} tests/fuzz "${fuzzer}" "${HK_TESTS}/fuzz/replay_main.c")
    endif()
    # libFuzzer calls it by name; no header declares it.
    target_compile_options(${name} PRIVATE -Wno-missing-prototypes)
    add_dependencies(fuzz-all ${name})
    if(IS_DIRECTORY "${HK_TESTS}/fuzz/corpus/${name}")
        if(HK_FUZZ)
            hk_test(${name} fuzz 120 ${name} -runs=0 "${HK_TESTS}/fuzz/corpus/${name}")
        else()
            hk_test(${name} fuzz 120 ${name} "${HK_TESTS}/fuzz/corpus/${name}")
        endif()
    endif()
endforeach()

# System tests.
file(GLOB_RECURSE systems CONFIGURE_DEPENDS "${HK_TESTS}/system/test_*.py")
foreach(system ${systems})
    cmake_path(RELATIVE_PATH system BASE_DIRECTORY "${HK_TESTS}/system" OUTPUT_VARIABLE name)
    string(REGEX REPLACE "test_([^/]*)\\.py$" "\\1" name "${name}")
    string(REPLACE "/" "-" name "${name}")
    hk_test(system-${name} system 900
        ${HK_PYTHON} -m pytest -q -rs --tb=short -p no:cacheprovider "${system}")
    # pytest ends with 5 when it ran nothing: all of the file was skipped, and says why.
    set_tests_properties(system-${name} PROPERTIES SKIP_RETURN_CODE 5)
endforeach()

# For a test of replay: another result of one mathematical function. Not together with a sanitizer, which wants to be
# loaded before everything else.
if(NOT HK_SANITIZE AND NOT HK_COVERAGE)
    add_library(test-other-machine MODULE "${HK_TESTS}/machine/other_machine.c")
    set_target_properties(test-other-machine PROPERTIES PREFIX "" OUTPUT_NAME other_machine
        LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/machine")
    target_compile_options(test-other-machine PRIVATE -fno-builtin -Wno-missing-prototypes)
    target_link_libraries(test-other-machine PRIVATE m dl)
endif()

# The pages in a real browser. It skips itself, and says why, where there is none.
hk_test(console console 900 "${HK_TESTS}/console/run.sh")
set_tests_properties(console PROPERTIES SKIP_RETURN_CODE 77)

# Benchmarks.
file(GLOB benches CONFIGURE_DEPENDS "${HK_TESTS}/bench/*.c")
add_custom_target(bench-all)
foreach(bench ${benches})
    cmake_path(GET bench STEM name)
    hk_test_executable(bench-${name} ${name} bench "${bench}")
    set_target_properties(bench-${name} PROPERTIES EXCLUDE_FROM_ALL ON)
    add_dependencies(bench-all bench-${name})
endforeach()
