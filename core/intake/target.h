/*
 * target: the fields of the view that a mapping can fill, in the order in which they are written.
 * Inside the room only. sdk/docs/mapping.md lists them for authors.
 */
#ifndef HK_INTAKE_TARGET_H
#define HK_INTAKE_TARGET_H

#include "intake/slice.h"

/* What a field's value must be. A value that is not is none, and the next source is asked. */
enum hk_shape {
    HK_SHAPE_TITLE,
    HK_SHAPE_TEXT,     /* "" and words for nothing ("-", "N/A") are none */
    HK_SHAPE_WORD,     /* letters, digits, '_': the category */
    HK_SHAPE_PRODUCT,  /* written as a word in lower case */
    HK_SHAPE_SEVERITY, /* one of ours, or a word that is known for one */
    HK_SHAPE_TIME,
    HK_SHAPE_IP, /* with a port, a prefix or further ones behind it, which are cut off */
    HK_SHAPE_PORT,
    HK_SHAPE_HOST, /* a text that is no address */
    HK_SHAPE_MAIL,
    HK_SHAPE_SHA256,
    HK_SHAPE_SHA1,
    HK_SHAPE_MD5,
    HK_SHAPE_TECHNIQUE, /* all that look like "T1059.001", from all sources */
    HK_SHAPE_COUNT,
    HK_SHAPE_LIST, /* all texts of the first source that has some */
};

/* name, group in the view ("" is the top), key in the group, shape. Groups stand together. */
#define HK_TARGET_LIST(X)                                                                          \
    X(TITLE, "", "title", TITLE)                                                                   \
    X(CATEGORY, "", "category", WORD)                                                              \
    X(SEVERITY, "", "severity", SEVERITY)                                                          \
    X(TIME, "", "time", TIME)                                                                      \
    X(UID, "", "uid", TEXT)                                                                        \
    X(PRODUCT, "", "product", PRODUCT)                                                             \
    X(SRC_IP, "src", "ip", IP)                                                                     \
    X(SRC_PORT, "src", "port", PORT)                                                               \
    X(SRC_HOST, "src", "host", HOST)                                                               \
    X(SRC_MAC, "src", "mac", TEXT)                                                                 \
    X(DST_IP, "dst", "ip", IP)                                                                     \
    X(DST_PORT, "dst", "port", PORT)                                                               \
    X(DST_HOST, "dst", "host", HOST)                                                               \
    X(DEVICE_HOST, "device", "host", HOST)                                                         \
    X(DEVICE_IP, "device", "ip", IP)                                                               \
    X(DEVICE_OS, "device", "os", TEXT)                                                             \
    X(DEVICE_ID, "device", "id", TEXT)                                                             \
    X(USER_NAME, "user", "name", TEXT)                                                             \
    X(USER_MAIL, "user", "mail", MAIL)                                                             \
    X(USER_ID, "user", "id", TEXT)                                                                 \
    X(USER_DOMAIN, "user", "domain", TEXT)                                                         \
    X(FILE_PATH, "file", "path", TEXT)                                                             \
    X(FILE_SHA256, "file", "sha256", SHA256)                                                       \
    X(FILE_NAME, "file", "name", TEXT)                                                             \
    X(FILE_SHA1, "file", "sha1", SHA1)                                                             \
    X(FILE_MD5, "file", "md5", MD5)                                                                \
    X(URL, "", "url", TEXT)                                                                        \
    X(PROCESS_NAME, "process", "name", TEXT)                                                       \
    X(PROCESS_PATH, "process", "path", TEXT)                                                       \
    X(PROCESS_COMMAND_LINE, "process", "command_line", TEXT)                                       \
    X(PROCESS_PID, "process", "pid", TEXT)                                                         \
    X(PROCESS_USER, "process", "user", TEXT)                                                       \
    X(PROCESS_SHA256, "process", "sha256", SHA256)                                                 \
    X(PROCESS_PARENT, "process", "parent", TEXT)                                                   \
    X(TECHNIQUE, "", "technique", TECHNIQUE)                                                       \
    X(COUNT, "", "count", COUNT)                                                                   \
    X(DOMAIN, "", "domain", TEXT)                                                                  \
    X(PROTOCOL, "", "protocol", TEXT)                                                              \
    X(ACTION, "", "action", TEXT)                                                                  \
    X(OUTCOME, "", "outcome", TEXT)                                                                \
    X(MESSAGE, "", "message", TEXT)                                                                \
    X(LINK, "", "link", TEXT)                                                                      \
    X(RULE_ID, "rule", "id", TEXT)                                                                 \
    X(RULE_NAME, "rule", "name", TEXT)                                                             \
    X(TARGET_USER, "target", "user", TEXT)                                                         \
    X(TARGET_NAME, "target", "name", TEXT)                                                         \
    X(TARGET_ID, "target", "id", TEXT)                                                             \
    X(TARGET_TYPE, "target", "type", TEXT)                                                         \
    X(MAIL_FROM, "mail", "from", TEXT)                                                             \
    X(MAIL_TO, "mail", "to", LIST)                                                                 \
    X(MAIL_SUBJECT, "mail", "subject", TEXT)                                                       \
    X(CLOUD_PROVIDER, "cloud", "provider", TEXT)                                                   \
    X(CLOUD_ACCOUNT, "cloud", "account", TEXT)                                                     \
    X(CLOUD_REGION, "cloud", "region", TEXT)                                                       \
    X(CLOUD_RESOURCE, "cloud", "resource", TEXT)

enum hk_target {
#define X(name, group, key, shape) HK_TARGET_##name,
    HK_TARGET_LIST(X)
#undef X
        HK_TARGET_MAX,
};

struct hk_target_facts {
    const char *group;
    const char *key;
    enum hk_shape shape;
};
extern const struct hk_target_facts hk_targets[HK_TARGET_MAX];
_Static_assert(HK_TARGET_MAX <= 64, "sets of targets are 64 bits");

/* "src.ip" → HK_TARGET_SRC_IP; HK_TARGET_MAX when there is no such field. */
enum hk_target hk_target_of(struct hk_slice name);
/* Write the field's name, "src.ip". */
void hk_target_name(enum hk_target target, char *ret_name, size_t capacity);

#endif
