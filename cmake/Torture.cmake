# Crashes and faults by the thousand: tests/torture. `make torture` runs all, ctest a sample.
#
# A sanitizer brings its own allocation functions, and doesn't go together with a library that is loaded before it.

if(HK_SANITIZE OR HK_FUZZ OR HK_COVERAGE)
    return()
endif()

file(GLOB preload CONFIGURE_DEPENDS "${HK_TESTS}/torture/preload/*.c")
add_library(torture-preload MODULE ${preload})
set_target_properties(torture-preload PROPERTIES PREFIX "" OUTPUT_NAME preload
    LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/tests/torture")
# Its functions are libc's: they may not be made of each other, nor take the hardened forms of themselves.
target_compile_options(torture-preload PRIVATE -fno-builtin "SHELL:-U _FORTIFY_SOURCE")
target_link_libraries(torture-preload PRIVATE Threads::Threads)

hk_test_executable(torture-check check tests/torture "${HK_TESTS}/torture/check.c")
add_dependencies(torture-check hikeshi torture-preload test-plugin-world)

hk_test(torture-sample torture 300 ${HK_PYTHON} "${HK_TESTS}/torture/run.py" --sample)
