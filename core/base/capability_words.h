/*
 * capability_words: the first word of a capability such as "contain.block_ip", and the kind of
 * action that may be bound to it. Whatever begins otherwise is the tenant's own, and any kind fits.
 */
#ifndef HK_BASE_CAPABILITY_WORDS_H
#define HK_BASE_CAPABILITY_WORDS_H

/* X(word, KIND, help): KIND as in enum hk_kind_of_action (hikeshi/plugin.h) without HK_. */
#define HK_CAPABILITY_WORDS(X)                                                                     \
    X("enrich", ENRICH, "looks something up and changes nothing")                                  \
    X("notify", NOTIFY, "tells somebody")                                                          \
    X("contain", CONTAIN, "blocks or isolates, with an end and an undo")                           \
    X("eradicate", ERADICATE, "takes something out of the world")                                  \
    X("release", RESTORE, "takes a containment back")                                              \
    X("restore", RESTORE, "brings something back")                                                 \
    X("change", CHANGE, "changes something that holds nobody up, such as a ticket")

#endif
