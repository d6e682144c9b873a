# Write the bytes of IN as the C array SYMBOL into OUT; run by hk_embed.

file(READ "${IN}" hex HEX)
string(LENGTH "${hex}" digits)
math(EXPR size "${digits} / 2")
string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
file(WRITE "${OUT}" "#include <stddef.h>
extern const unsigned char ${SYMBOL}[];
extern const size_t ${SYMBOL}_size_bytes;
const unsigned char ${SYMBOL}[] = {
${hex}0};
const size_t ${SYMBOL}_size_bytes = ${size};
")
