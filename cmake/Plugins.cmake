# Each folder plugins/<name>/ with .c files becomes build/plugins/<name>.so; tests/plugins/ likewise, for tests.
# A plugin sees sdk/include, its own folder and plugins/shared/ (which is no plugin), and may use cJSON. The plugins for
# tests share tests/plugins/*.h. Tests that include "NAME/part.h" or "shared/part.h" get the parts of that plugin.

file(GLOB shared CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/plugins/shared/*.c")
add_library(plugin-shared STATIC ${shared})
target_compile_options(plugin-shared PRIVATE "-iquote${CMAKE_SOURCE_DIR}/plugins")
set_target_properties(plugin-shared PROPERTIES C_VISIBILITY_PRESET hidden
    ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/archives")

# Further arguments are folders of headers.
function(hk_plugins folder prefix output)
    file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_SOURCE_DIR}/${folder}/*/*.c")
    set(names "")
    foreach(source ${sources})
        cmake_path(GET source PARENT_PATH path)
        cmake_path(GET path FILENAME name)
        list(APPEND names ${name})
        list(APPEND sources_${name} "${source}")
    endforeach()
    list(REMOVE_DUPLICATES names)
    list(REMOVE_ITEM names shared)
    foreach(name ${names})
        set(target ${prefix}${name})
        add_library(${target} MODULE ${sources_${name}})
        set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
            C_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${output}")
        target_include_directories(${target} PRIVATE "${HK_SDK_INCLUDE}" ${ARGN})
        target_compile_options(${target} PRIVATE "-iquote${CMAKE_SOURCE_DIR}/plugins")
        target_link_libraries(${target} PRIVATE plugin-shared outside_libcjson)
        add_library(${target}-parts STATIC EXCLUDE_FROM_ALL $<TARGET_OBJECTS:${target}>)
        set_target_properties(${target}-parts PROPERTIES LINKER_LANGUAGE C
            ARCHIVE_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/archives")
        target_link_libraries(${target}-parts PUBLIC plugin-shared outside_libcjson)
        if(NOT HK_SANITIZE AND NOT HK_FUZZ)
            # A plugin gets everything through the ABI's tables: nothing may be left for the host to resolve.
            target_link_options(${target} PRIVATE LINKER:-z,defs)
        endif()
    endforeach()
    set(HK_BUILT_${prefix} ${names} PARENT_SCOPE)
endfunction()

hk_plugins(plugins plugin- plugins)
hk_plugins(tests/plugins test-plugin- tests/plugins "${CMAKE_SOURCE_DIR}/tests/plugins")
