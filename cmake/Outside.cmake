# The outside libraries, one target each. A room links only to those it owns (cmake/Rooms.cmake).

find_package(PkgConfig REQUIRED)
find_package(Threads REQUIRED)
foreach(lib libcrypto libssl sqlite3 libevent_core libevent_extra libcurl libseccomp lua5.4
        libcjson libargon2 libqrencode)
    string(MAKE_C_IDENTIFIER ${lib} id)
    pkg_check_modules(hk_${id} REQUIRED IMPORTED_TARGET ${lib})
    add_library(outside_${id} ALIAS PkgConfig::hk_${id})
endforeach()
# By itself: its .pc file names libevent, which has in it what libevent_core and libevent_extra have.
find_library(HK_EVENT_OPENSSL_LIBRARY event_openssl REQUIRED)
add_library(outside_libevent_openssl INTERFACE)
target_link_libraries(outside_libevent_openssl INTERFACE "${HK_EVENT_OPENSSL_LIBRARY}")
# CUnit is found by its header: its .pc file names folders that don't exist in some releases.
find_path(HK_CUNIT_INCLUDE CUnit/CUnit.h)
find_library(HK_CUNIT_LIBRARY cunit)

# Tests may look at anything; --as-needed drops what they don't use.
set(HK_OUTSIDE_ALL outside_libcrypto outside_libssl outside_sqlite3 outside_libevent_core
    outside_libevent_extra outside_libevent_openssl outside_libcurl outside_libseccomp
    outside_lua5_4 outside_libcjson outside_libargon2 outside_libqrencode Threads::Threads
    ${CMAKE_DL_LIBS} m)
