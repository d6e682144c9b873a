/*
 * notice_choose: who is told about a gate now, and when to look again. Pure: what stands in, what
 * follows out.
 *
 * Contacts are asked in stages: those of the first level by their order, then those to whom it is
 * escalated, by theirs. A stage comes when nobody decided within the time that the stage before it
 * has to answer, or at once when nobody of that could be reached. Who is not on duty, or may not
 * decide, is passed over. Whoever was asked is reminded. The gate's own expiry says no.
 */
#ifndef HK_ENGINE_NOTICE_CHOOSE_H
#define HK_ENGINE_NOTICE_CHOOSE_H

#include "engine/contacts.h"

/* What stands about one contact, in the order of hk_contacts.items. */
struct hk_asked {
    bool may_decide;  /* or is a room, where somebody may */
    bool is_delegate; /* the decision was passed on to this one, or the question names this one */
    bool was_asked;
    bool was_reached; /* some notice of it was sent, or still may be */
    int64_t first_us; /* when this one was asked first */
    int64_t last_us;  /* and told last, reminders too */
};

struct hk_choice {
    bool is_told;
    enum hk_reason reason;
    bool has_lapsed; /* had its time to answer, until now */
};

struct hk_choosing {
    const struct hk_contacts *contacts;
    const struct hk_asked *asked;
    int64_t now_us;
    int64_t expires_us;
    bool was_nobody; /* since the last one was asked, it was said that there is nobody else */
    /* what follows */
    struct hk_choice *choices; /* as many as there are contacts, zeroed */
    bool is_nobody;            /* somebody should have been asked, and there was nobody */
    int64_t next_us;           /* look again; 0: no more */
};

void hk_notice_choose(struct hk_choosing *choosing);

#endif
