# How C is compiled and linked: language, warnings, hardening, sanitizers, coverage.

option(HK_WERROR "Warnings are errors" ON)
option(HK_FUZZ "Build tests/fuzz with libFuzzer (needs clang)" OFF)
option(HK_COVERAGE "Instrument for gcov" OFF)
set(HK_SANITIZE "" CACHE STRING "Sanitizers to build with, as after -fsanitize=")

if(HK_SANITIZE OR HK_COVERAGE OR HK_FUZZ)
    set(hk_harden_default OFF)
else()
    set(hk_harden_default ON)
endif()
option(HK_HARDEN "Hardening flags of a release" ${hk_harden_default})

if(NOT CMAKE_BUILD_TYPE)
    set(CMAKE_BUILD_TYPE RelWithDebInfo CACHE STRING "" FORCE)
endif()
# Assertions stay in: no -DNDEBUG.
set(CMAKE_C_FLAGS_RELWITHDEBINFO "-O2 -g")

set(CMAKE_C_STANDARD 11)
set(CMAKE_C_STANDARD_REQUIRED ON)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
include(CheckPIESupported)
check_pie_supported(LANGUAGES C)

find_program(HK_CCACHE ccache)
if(HK_CCACHE AND NOT CMAKE_C_COMPILER_LAUNCHER)
    set(CMAKE_C_COMPILER_LAUNCHER "${HK_CCACHE}")
endif()

add_compile_definitions(_GNU_SOURCE "HK_VERSION=\"${PROJECT_VERSION}\"")
add_compile_options(-Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wvla
    -Wundef -Wpointer-arith -Wwrite-strings -Wold-style-definition)
if(HK_WERROR)
    add_compile_options(-Werror)
endif()
add_link_options(LINKER:--as-needed)

if(HK_HARDEN)
    include(CheckCCompilerFlag)
    # -O2 is needed by _FORTIFY_SOURCE; -U first, since some compilers define it by default.
    if(NOT CMAKE_BUILD_TYPE STREQUAL "Debug")
        add_compile_options(-U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3)
    endif()
    foreach(flag -fstack-protector-strong -fstack-clash-protection -fcf-protection
            -ftrivial-auto-var-init=zero)
        string(MAKE_C_IDENTIFIER "HK_HAS${flag}" has)
        check_c_compiler_flag(${flag} ${has})
        if(${has})
            add_compile_options(${flag})
        endif()
    endforeach()
    add_link_options(LINKER:-z,relro,-z,now,-z,noexecstack)
    # The executable names its sources relative to the tree, wherever it was built.
    add_compile_options("-ffile-prefix-map=${CMAKE_SOURCE_DIR}/=")
endif()

if(HK_SANITIZE)
    add_compile_options(-fsanitize=${HK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
    add_link_options(-fsanitize=${HK_SANITIZE})
endif()
if(HK_FUZZ)
    if(NOT CMAKE_C_COMPILER_ID STREQUAL "Clang")
        message(FATAL_ERROR "HK_FUZZ needs clang: configure with -DCMAKE_C_COMPILER=clang")
    endif()
    add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(HK_COVERAGE)
    add_compile_options(--coverage -fprofile-update=atomic)
    add_link_options(--coverage)
endif()
