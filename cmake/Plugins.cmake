# Each folder plugins/<name>/ with .c files becomes build/plugins/<name>.so; tests/plugins/ likewise, for tests.
# A plugin sees sdk/include and its own folder, and may use cJSON. The plugins for tests share tests/plugins/*.h.

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
    foreach(name ${names})
        set(target ${prefix}${name})
        add_library(${target} MODULE ${sources_${name}})
        set_target_properties(${target} PROPERTIES PREFIX "" OUTPUT_NAME ${name}
            C_VISIBILITY_PRESET hidden LIBRARY_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/${output}")
        target_include_directories(${target} PRIVATE "${HK_SDK_INCLUDE}" ${ARGN})
        target_link_libraries(${target} PRIVATE outside_libcjson)
        if(NOT HK_SANITIZE AND NOT HK_FUZZ)
            # A plugin gets everything through the ABI's tables: nothing may be left for the host to resolve.
            target_link_options(${target} PRIVATE LINKER:-z,defs)
        endif()
    endforeach()
    set(HK_BUILT_${prefix} ${names} PARENT_SCOPE)
endfunction()

hk_plugins(plugins plugin- plugins)
hk_plugins(tests/plugins test-plugin- tests/plugins "${CMAKE_SOURCE_DIR}/tests/plugins")
