/*
 * standing: what stands about one containment, from its entries: for those that end it, let it
 * stand for longer, or look whether it still does.
 */
#ifndef HK_ENGINE_STANDING_H
#define HK_ENGINE_STANDING_H

#include "engine/objects.h"

struct hk_standing {
    hk_tenant tenant;
    char id[HK_ID_SIZE];
    enum hk_containment_state state;
    int64_t expires_us;          /* when it is due; 0: never */
    int64_t verified_us;         /* of the newest entry that says whether it holds; 0: none */
    unsigned releases;           /* containment.releasing entries so far */
    bool is_by_hand;             /* a person did it, and a person undoes it */
    bool is_erased;              /* what it was is no longer known; only of one that has ended */
    struct hk_json_doc starting; /* payload of containment.starting */
    struct hk_json_doc drifted;  /* of the newest containment.drifted, while it is drifted */
    size_t entries;              /* so many say so; see hk_standing_has_room */
};

void hk_standing_init(struct hk_standing *standing, hk_tenant tenant, const char *id);
void hk_standing_done(struct hk_standing *standing);
/* On a reader's thread, once: what its entries say. HK_NOT_FOUND when there is no such containment,
 * or one that stands was erased. */
HK_MUST_CHECK enum hk_status hk_standing_read(
    struct hk_standing *standing, struct hk_reading *reading, struct hk_error *error);
/* May there be more entries that only tell or prolong? Its end is always read from all of them, and
 * must stay quick to read. */
bool hk_standing_has_room(const struct hk_standing *standing);

/* The plugin, and the name of its action, that made it; "" for one that was made by hand. */
const char *hk_standing_plugin(const struct hk_standing *standing);
const char *hk_standing_action(const struct hk_standing *standing);
/* Its arguments as the plugin got them, to be freed; NULL: out of memory. */
char *hk_standing_args(const struct hk_standing *standing);

#endif
