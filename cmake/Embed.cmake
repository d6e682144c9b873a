# Text files built into the executable as C arrays.
#
#   hk_embed(TARGET NAME FILE...)
#
# gives core/ a header "NAME/embed.h" that declares, for each FILE, and TARGET the bytes:
#
#   extern const unsigned char hk_embed_NAME_<file>[];       the bytes, and a NUL after them
#   extern const size_t hk_embed_NAME_<file>_size_bytes;     without that NUL
#
# where <file> is the path below the folder `embed`, with everything but letters and digits made `_`; and a list of them:
#
#   #define HK_EMBED_LIST_NAME(X) X("<path below embed>", <file>) …
#
# Each folder core/<room>/embed is embedded into its room in this way with no further words.

set(HK_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/embed_file.cmake")
set(HK_GENERATED "${CMAKE_BINARY_DIR}/generated")

function(hk_embed target name)
    set(header "${HK_GENERATED}/${name}/embed.h")
    set(declarations "")
    set(list "")
    set(generated "")
    foreach(file ${ARGN})
        string(REGEX REPLACE "^.*/embed/" "" path "${file}")
        set(label "${path}")
        string(REGEX REPLACE "[^A-Za-z0-9]" "_" label "${label}")
        set(symbol "hk_embed_${name}_${label}")
        set(source "${HK_GENERATED}/${name}/embed_${label}.c")
        string(APPEND list " \\\n    X(\"${path}\", ${label})")
        string(APPEND declarations "extern const unsigned char ${symbol}[];\n"
            "extern const size_t ${symbol}_size_bytes;\n")
        add_custom_command(OUTPUT "${source}"
            COMMAND "${CMAKE_COMMAND}" "-DIN=${file}" "-DOUT=${source}" "-DSYMBOL=${symbol}"
                -P "${HK_EMBED_SCRIPT}"
            DEPENDS "${file}" "${HK_EMBED_SCRIPT}" VERBATIM)
        list(APPEND generated "${source}")
    endforeach()
    file(CONFIGURE OUTPUT "${header}" CONTENT
        "#pragma once\n#include <stddef.h>\n${declarations}#define HK_EMBED_LIST_${name}(X)${list}\n" @ONLY)
    target_sources(${target} PRIVATE ${generated})
endfunction()
