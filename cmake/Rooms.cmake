# The rooms of core/: each is an object library hk_<room> of its *.c, and an archive of the same objects for tests.
# A room with no .c is skipped.
#
# Headers are named from core/ ("base/json.h", "limits.h"). The path is given with -iquote, never -I: with -I, <limits.h>
# would mean core/limits.h. (Even so gcc's own <limits.h> passes through it: hence the #include_next there.)

# What each room sees; a room that isn't listed sees base. Tests link what they include and all that it sees.
set(HK_SEES_base)
set(HK_SEES_plugin base loop)
set(HK_SEES_author base script)
set(HK_SEES_words base)
set(HK_SEES_console base words)
set(HK_SEES_tell base words)
set(HK_SEES_source base loop intake)
set(HK_SEES_engine base ledger loop plugin script authority login words tell)
set(HK_SEES_api base ledger loop engine intake source authority login words console)
# The outside libraries of each room.
set(HK_OWNS_base outside_libcrypto)
set(HK_OWNS_ledger outside_sqlite3 outside_libcrypto)
set(HK_OWNS_loop outside_libevent_core outside_libevent_extra outside_libevent_openssl outside_libssl
    outside_libcrypto outside_libcurl)
set(HK_OWNS_login outside_libcrypto outside_libargon2 outside_libqrencode)
set(HK_OWNS_plugin outside_libseccomp ${CMAKE_DL_LIBS})
set(HK_OWNS_script outside_lua5_4 m)
set(HK_OWNS_author outside_lua5_4)
# The rooms that know the plugin ABI.
set(HK_SDK_ROOMS plugin engine app)

set(HK_CORE "${CMAKE_SOURCE_DIR}/core")
set(HK_SDK_INCLUDE "${CMAKE_SOURCE_DIR}/sdk/include")
set(HK_CRASHPOINT "${HK_CORE}/base/crashpoint.c")

set(HK_ROOMS "")
file(GLOB sources CONFIGURE_DEPENDS "${HK_CORE}/*/*.c")
foreach(source ${sources})
    cmake_path(GET source PARENT_PATH folder)
    cmake_path(GET folder FILENAME room)
    if(source STREQUAL "${HK_CORE}/app/main.c")
        continue()
    endif()
    list(APPEND HK_ROOMS ${room})
    list(APPEND hk_sources_${room} "${source}")
endforeach()
list(REMOVE_DUPLICATES HK_ROOMS)

set(HK_SEES_app ${HK_ROOMS})
list(REMOVE_ITEM HK_SEES_app app)

# Give TARGET what the code of ROOM is compiled with.
function(hk_room_compile target room)
    target_compile_options(${target} PRIVATE "-iquote${HK_CORE}" "-iquote${HK_GENERATED}")
    target_link_libraries(${target} PUBLIC ${HK_OWNS_${room}} Threads::Threads)
    if(room IN_LIST HK_SDK_ROOMS)
        target_include_directories(${target} PRIVATE "${HK_SDK_INCLUDE}")
    endif()
endfunction()

set(HK_OBJECTS "")
foreach(room ${HK_ROOMS})
    set(objects "$<TARGET_OBJECTS:hk_${room}>")
    set(parts hk_${room})
    if(room STREQUAL "base" AND EXISTS "${HK_CRASHPOINT}")
        # Apart from its room, so that hikeshi-crash can put another in its place.
        list(REMOVE_ITEM hk_sources_base "${HK_CRASHPOINT}")
        add_library(hk_crashpoint OBJECT "${HK_CRASHPOINT}")
        hk_room_compile(hk_crashpoint base)
        list(APPEND objects "$<TARGET_OBJECTS:hk_crashpoint>")
    endif()
    add_library(hk_${room} OBJECT ${hk_sources_${room}})
    hk_room_compile(hk_${room} ${room})
    file(GLOB_RECURSE embeds CONFIGURE_DEPENDS "${HK_CORE}/${room}/embed/*")
    if(embeds)
        hk_embed(hk_${room} ${room} ${embeds})
    endif()
    list(APPEND HK_OBJECTS "$<TARGET_OBJECTS:hk_${room}>")

    add_library(hk_${room}_archive STATIC EXCLUDE_FROM_ALL ${objects})
    set_target_properties(hk_${room}_archive PROPERTIES LINKER_LANGUAGE C
        ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/archives")
    target_link_libraries(hk_${room}_archive PUBLIC ${HK_OWNS_${room}} Threads::Threads)
endforeach()

# Add the executable NAME from main.c and all rooms; the other arguments are further sources.
function(hk_executable name)
    add_executable(${name} "${HK_CORE}/app/main.c" ${HK_OBJECTS} ${ARGN})
    hk_room_compile(${name} app)
    foreach(room ${HK_ROOMS})
        target_link_libraries(${name} PRIVATE ${HK_OWNS_${room}})
    endforeach()
endfunction()

if(EXISTS "${HK_CORE}/app/main.c")
    if(TARGET hk_crashpoint)
        hk_executable(hikeshi $<TARGET_OBJECTS:hk_crashpoint>)
    else()
        hk_executable(hikeshi)
    endif()
    # The same program, but it can be told at which point to die.
    if(TARGET hk_crashpoint AND EXISTS "${CMAKE_SOURCE_DIR}/tests/kill/crashpoint.c")
        hk_executable(hikeshi-crash "${CMAKE_SOURCE_DIR}/tests/kill/crashpoint.c")
    endif()
else()
    message(STATUS "core/app/main.c is missing: no executable")
endif()
file(GLOB hk_watch CONFIGURE_DEPENDS "${HK_CORE}/app/main.c"
    "${CMAKE_SOURCE_DIR}/tests/kill/crashpoint.c")
