#include "management.h"

#include <string.h>

/* Is word the next word? Then *text is what comes after it and one space. */
static bool take_word(const char **text, const char *word)
{
    size_t size = strlen(word);

    if (strncmp(*text, word, size) != 0 || (*text)[size] != ' ')
        return false;
    *text += size + 1;
    return true;
}

static const char *parse_port(const char *text, uint16_t *ret_port)
{
    static const char wrong[] = "the port must be a number from 1 to 65535";
    unsigned long port = 0;
    size_t size = strspn(text, "0123456789");

    if (size == 0 || size > 5 || text[size] != '\0' || text[0] == '0')
        return wrong;
    for (; *text != '\0'; text++)
        port = port * 10 + (unsigned long)(*text - '0');
    if (port > 65535)
        return wrong;
    *ret_port = (uint16_t)port;
    return NULL;
}

const char *management_parse(const char *text, struct management *ret_management)
{
    struct management management = {.way = MANAGEMENT_ALL};
    char address[ADDRESS_TEXT_SIZE];

    if (take_word(&text, "from"))
        management.way = MANAGEMENT_FROM;
    else if (take_word(&text, "to"))
        management.way = MANAGEMENT_TO;
    size_t size = strcspn(text, " ");
    if (size >= sizeof(address))
        return "not an address";
    memcpy(address, text, size);
    address[size] = '\0';
    const char *why = address_parse(address, &management.range);
    if (why != NULL)
        return why;
    text += size;
    if (management.way == MANAGEMENT_ALL && *text != '\0')
        return "after an address nothing may come; write \"from ADDRESS port PORT\" or \"to "
               "ADDRESS port PORT\"";
    if (management.way != MANAGEMENT_ALL) {
        if (*text == ' ')
            text++;
        if (!take_word(&text, "port"))
            return "after from or to comes an address, then port and its number";
        why = parse_port(text, &management.port);
        if (why != NULL)
            return why;
    }
    *ret_management = management;
    return NULL;
}
