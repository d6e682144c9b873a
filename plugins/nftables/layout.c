#include "layout.h"

#include "rules.h"

#include <errno.h>
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>
#include <linux/netlink.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define KEY_TYPE_V4 7 /* as nft counts its data types: for people who list the set */
#define KEY_TYPE_V6 8
#define NO_HOOK UINT32_MAX
#define SET_FLAGS (NFT_SET_INTERVAL | NFT_SET_TIMEOUT)
#define SET_HAS_EXPRESSION 0x100u /* NFT_SET_EXPR, which some headers lack */

static const struct {
    const char *name;
    uint32_t hook;
} chains[LAYOUT_CHAINS] = {
    [LAYOUT_CHAIN_FROM_HOST] = {"from_host", NO_HOOK},
    [LAYOUT_CHAIN_TO_HOST] = {"to_host", NO_HOOK},
    [LAYOUT_CHAIN_ISOLATE] = {"isolate", NO_HOOK},
    [LAYOUT_CHAIN_BLOCK] = {"block", NO_HOOK},
    [LAYOUT_CHAIN_PREROUTING] = {"prerouting", NF_INET_PRE_ROUTING},
    [LAYOUT_CHAIN_INPUT] = {"input", NF_INET_LOCAL_IN},
    [LAYOUT_CHAIN_FORWARD] = {"forward", NF_INET_FORWARD},
    [LAYOUT_CHAIN_OUTPUT] = {"output", NF_INET_LOCAL_OUT},
    [LAYOUT_CHAIN_POSTROUTING] = {"postrouting", NF_INET_POST_ROUTING},
};

static const struct {
    const char *name;
    uint32_t key_type;
    uint32_t key_size;
} kinds[LAYOUT_KINDS] = {
    [LAYOUT_BLOCK_V4] = {"block4", KEY_TYPE_V4, 4},
    [LAYOUT_BLOCK_V6] = {"block6", KEY_TYPE_V6, 16},
    [LAYOUT_HOST_V4] = {"host4", KEY_TYPE_V4, 4},
    [LAYOUT_HOST_V6] = {"host6", KEY_TYPE_V6, 16},
};

void layout_set_name(enum layout_kind kind, unsigned layer, char ret_name[LAYOUT_NAME_SIZE])
{
    snprintf(ret_name, LAYOUT_NAME_SIZE, "%s_%u", kinds[kind].name, layer);
}

static bool chain_is_wanted(const struct layout *layout, enum layout_chain chain)
{
    if (chains[chain].hook == NO_HOOK || chain == LAYOUT_CHAIN_FORWARD)
        return true;
    return layout->blocks_in[chain];
}

/* ---- looking ---- */

struct look {
    const struct layout *layout;
    struct layout_state *state;
    enum layout_chain chain; /* that is being asked about */
    struct rules *rules;
    unsigned next_rule[LAYOUT_CHAINS]; /* index of the next one that is expected there */
};

static void find_fault(struct layout_state *state, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* The first one is what is told. */
static void find_fault(struct layout_state *state, const char *format, ...)
{
    va_list args;

    if (!state->is_right)
        return;
    state->is_right = false;
    va_start(args, format);
    vsnprintf(state->found, sizeof(state->found), format, args);
    va_end(args);
}

static void on_table(void *ctx, uint16_t type, const uint8_t *attrs, size_t size)
{
    struct look *look = ctx;
    struct netlink_attr table[NFTA_TABLE_MAX + 1];
    (void)type;

    netlink_index(attrs, size, table, NFTA_TABLE_MAX + 1);
    look->state->has_table = true;
    if ((netlink_u32(&table[NFTA_TABLE_FLAGS], 0) & NFT_TABLE_F_DORMANT) != 0)
        find_fault(look->state, "the table inet %s is dormant", look->layout->table);
}

static int look_at_table(struct netlink *netlink, struct look *look)
{
    uint8_t data[64];
    struct netlink_bytes question = {.data = data, .capacity = sizeof(data)};

    netlink_put_text(&question, NFTA_TABLE_NAME, look->layout->table);
    int error = netlink_ask(netlink, NFT_MSG_GETTABLE, false, &question, on_table, look);
    if (error == ENOENT)
        find_fault(look->state, "the table inet %s is gone", look->layout->table);
    return error == ENOENT ? 0 : error;
}

static void on_chain(void *ctx, uint16_t type, const uint8_t *attrs, size_t size)
{
    struct look *look = ctx;
    struct netlink_attr chain[NFTA_CHAIN_MAX + 1];
    struct netlink_attr hook[NFTA_HOOK_MAX + 1];
    uint32_t wanted_hook = chains[look->chain].hook;
    (void)type;

    netlink_index(attrs, size, chain, NFTA_CHAIN_MAX + 1);
    netlink_index(
        chain[NFTA_CHAIN_HOOK].data, chain[NFTA_CHAIN_HOOK].size, hook, NFTA_HOOK_MAX + 1);
    bool is_right = chain[NFTA_CHAIN_HOOK].data == NULL;
    if (wanted_hook != NO_HOOK)
        is_right = netlink_u32(&hook[NFTA_HOOK_HOOKNUM], NO_HOOK) == wanted_hook &&
                   netlink_u32(&hook[NFTA_HOOK_PRIORITY], 0) == (uint32_t)look->layout->priority &&
                   netlink_u32(&chain[NFTA_CHAIN_POLICY], NF_DROP) == NF_ACCEPT &&
                   netlink_is_text(&chain[NFTA_CHAIN_TYPE], "filter");
    look->state->has_chain[look->chain] = true;
    look->state->chain_is_right[look->chain] = is_right;
}

static int look_at_chains(struct netlink *netlink, struct look *look)
{
    for (look->chain = 0; look->chain < LAYOUT_CHAINS; look->chain++) {
        uint8_t data[128];
        struct netlink_bytes question = {.data = data, .capacity = sizeof(data)};
        netlink_put_text(&question, NFTA_CHAIN_TABLE, look->layout->table);
        netlink_put_text(&question, NFTA_CHAIN_NAME, chains[look->chain].name);
        int error = netlink_ask(netlink, NFT_MSG_GETCHAIN, false, &question, on_chain, look);
        if (error != 0 && error != ENOENT)
            return error;
        const struct layout_state *state = look->state;
        bool is_wanted = chain_is_wanted(look->layout, look->chain);
        if (is_wanted && !state->has_chain[look->chain])
            find_fault(look->state, "the chain %s is gone", chains[look->chain].name);
        else if (is_wanted && !state->chain_is_right[look->chain])
            find_fault(look->state, "the chain %s hooks in elsewhere", chains[look->chain].name);
        else if (!is_wanted && state->has_chain[look->chain])
            find_fault(look->state, "the chain %s is there", chains[look->chain].name);
    }
    return 0;
}

/* Which set of ours is it? False when it is none. */
static bool read_set_name(
    const struct netlink_attr *attr, enum layout_kind *ret_kind, unsigned *ret_layer)
{
    char name[LAYOUT_NAME_SIZE];

    for (enum layout_kind kind = 0; kind < LAYOUT_KINDS; kind++)
        for (unsigned layer = 0; layer < LAYOUT_LAYERS_MAX; layer++) {
            layout_set_name(kind, layer, name);
            if (netlink_is_text(attr, name)) {
                *ret_kind = kind;
                *ret_layer = layer;
                return true;
            }
        }
    return false;
}

static void on_set(void *ctx, uint16_t type, const uint8_t *attrs, size_t size)
{
    struct look *look = ctx;
    struct netlink_attr set[NFTA_SET_MAX + 1];
    enum layout_kind kind;
    unsigned layer;
    (void)type;

    netlink_index(attrs, size, set, NFTA_SET_MAX + 1);
    if (!netlink_is_text(&set[NFTA_SET_TABLE], look->layout->table) ||
        !read_set_name(&set[NFTA_SET_NAME], &kind, &layer))
        return;
    look->state->has_set[kind][layer] = true;
    look->state->set_is_right[kind][layer] =
        netlink_u32(&set[NFTA_SET_KEY_LEN], 0) == kinds[kind].key_size &&
        (netlink_u32(&set[NFTA_SET_FLAGS], 0) & ~SET_HAS_EXPRESSION) == SET_FLAGS;
}

static int look_at_sets(struct netlink *netlink, struct look *look)
{
    struct layout_state *state = look->state;
    uint8_t data[64];
    struct netlink_bytes question = {.data = data, .capacity = sizeof(data)};

    netlink_put_text(&question, NFTA_SET_TABLE, look->layout->table);
    int error = netlink_ask(netlink, NFT_MSG_GETSET, true, &question, on_set, look);
    if (error != 0 && error != ENOENT)
        return error;
    for (enum layout_kind kind = 0; kind < LAYOUT_KINDS; kind++) {
        unsigned *layers = &state->layers[kind];
        while (*layers < LAYOUT_LAYERS_MAX && state->set_is_right[kind][*layers])
            (*layers)++;
        if (*layers == 0)
            find_fault(state, "the set %s_0 is gone", kinds[kind].name);
        for (unsigned layer = *layers; layer < LAYOUT_LAYERS_MAX; layer++)
            if (state->has_set[kind][layer])
                find_fault(state, "the set %s_%u is not what it was, or others before it are gone",
                    kinds[kind].name, layer);
    }
    return 0;
}

static void on_rule(void *ctx, uint16_t type, const uint8_t *attrs, size_t size)
{
    struct look *look = ctx;
    const struct rules *rules = look->rules;
    struct netlink_attr rule[NFTA_RULE_MAX + 1];
    enum layout_chain chain = 0;
    (void)type;

    netlink_index(attrs, size, rule, NFTA_RULE_MAX + 1);
    if (!netlink_is_text(&rule[NFTA_RULE_TABLE], look->layout->table))
        return;
    while (chain < LAYOUT_CHAINS && !netlink_is_text(&rule[NFTA_RULE_CHAIN], chains[chain].name))
        chain++;
    if (chain == LAYOUT_CHAINS) /* a chain that is not ours holds nobody back */
        return;
    unsigned at = look->next_rule[chain];
    while (at < rules->count && rules->items[at].chain != chain)
        at++;
    look->next_rule[chain] = at + 1;
    if (at >= rules->count || !rule_is(rules, &rules->items[at], rule[NFTA_RULE_EXPRESSIONS].data,
                                  rule[NFTA_RULE_EXPRESSIONS].size))
        find_fault(
            look->state, "the chain %s has a rule that was not put there", chains[chain].name);
}

static int look_at_rules(struct netlink *netlink, struct look *look)
{
    uint8_t data[64];
    struct netlink_bytes question = {.data = data, .capacity = sizeof(data)};

    netlink_put_text(&question, NFTA_RULE_TABLE, look->layout->table);
    int error = netlink_ask(netlink, NFT_MSG_GETRULE, true, &question, on_rule, look);
    if (error != 0 && error != ENOENT)
        return error;
    for (unsigned i = 0; i < look->rules->count; i++) {
        enum layout_chain chain = look->rules->items[i].chain;
        if (i >= look->next_rule[chain])
            find_fault(look->state, "rules are missing in the chain %s", chains[chain].name);
    }
    return 0;
}

/* Sets of a kind that rules are to look into. */
static void count_layers(
    const struct layout_state *state, const unsigned *wanted, unsigned ret_layers[LAYOUT_KINDS])
{
    for (enum layout_kind kind = 0; kind < LAYOUT_KINDS; kind++) {
        ret_layers[kind] = wanted != NULL && wanted[kind] > 1 ? wanted[kind] : 1;
        for (unsigned layer = 0; layer < LAYOUT_LAYERS_MAX; layer++)
            if (state->has_set[kind][layer] && ret_layers[kind] <= layer)
                ret_layers[kind] = layer + 1;
    }
}

int layout_look(
    const struct layout *layout, struct netlink *netlink, struct layout_state *ret_state)
{
    struct look look = {.layout = layout, .state = ret_state};
    unsigned layers[LAYOUT_KINDS];

    memset(ret_state, 0, sizeof(*ret_state));
    ret_state->is_right = true;
    int error = look_at_table(netlink, &look);
    if (error != 0 || !ret_state->has_table)
        return error;
    look.rules = malloc(sizeof(*look.rules));
    if (look.rules == NULL)
        return ENOMEM;
    error = look_at_chains(netlink, &look);
    if (error == 0)
        error = look_at_sets(netlink, &look);
    count_layers(ret_state, NULL, layers);
    rules_make(layout, layers, look.rules);
    if (error == 0)
        error = look_at_rules(netlink, &look);
    free(look.rules);
    return error;
}

/* ---- mending ---- */

static void put_table(const struct layout *layout, struct netlink_batch *batch)
{
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_NEWTABLE, NLM_F_CREATE);

    netlink_put_text(out, NFTA_TABLE_NAME, layout->table);
    netlink_put_u32(out, NFTA_TABLE_FLAGS, 0);
    netlink_batch_message_end(batch);
}

static void take_rules(
    const struct layout *layout, enum layout_chain chain, struct netlink_batch *batch)
{
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_DELRULE, 0);

    netlink_put_text(out, NFTA_RULE_TABLE, layout->table);
    netlink_put_text(out, NFTA_RULE_CHAIN, chains[chain].name);
    netlink_batch_message_end(batch);
}

static void take_chain(
    const struct layout *layout, enum layout_chain chain, struct netlink_batch *batch)
{
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_DELCHAIN, 0);

    netlink_put_text(out, NFTA_CHAIN_TABLE, layout->table);
    netlink_put_text(out, NFTA_CHAIN_NAME, chains[chain].name);
    netlink_batch_message_end(batch);
}

static void put_chain(
    const struct layout *layout, enum layout_chain chain, struct netlink_batch *batch)
{
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_NEWCHAIN, NLM_F_CREATE);

    netlink_put_text(out, NFTA_CHAIN_TABLE, layout->table);
    netlink_put_text(out, NFTA_CHAIN_NAME, chains[chain].name);
    if (chains[chain].hook != NO_HOOK) {
        size_t nest = netlink_nest(out, NFTA_CHAIN_HOOK);
        netlink_put_u32(out, NFTA_HOOK_HOOKNUM, chains[chain].hook);
        netlink_put_u32(out, NFTA_HOOK_PRIORITY, (uint32_t)layout->priority);
        netlink_nest_end(out, nest);
        netlink_put_u32(out, NFTA_CHAIN_POLICY, NF_ACCEPT);
        netlink_put_text(out, NFTA_CHAIN_TYPE, "filter");
    }
    netlink_batch_message_end(batch);
}

static void take_set(const struct layout *layout, const char *name, struct netlink_batch *batch)
{
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_DELSET, 0);

    netlink_put_text(out, NFTA_SET_TABLE, layout->table);
    netlink_put_text(out, NFTA_SET_NAME, name);
    netlink_batch_message_end(batch);
}

static void put_set(const struct layout *layout, enum layout_kind kind, unsigned layer,
    const char *name, struct netlink_batch *batch)
{
    struct netlink_bytes *out = netlink_batch_message(batch, NFT_MSG_NEWSET, NLM_F_CREATE);

    netlink_put_text(out, NFTA_SET_TABLE, layout->table);
    netlink_put_text(out, NFTA_SET_NAME, name);
    netlink_put_u32(out, NFTA_SET_ID, kind * LAYOUT_LAYERS_MAX + layer + 1);
    netlink_put_u32(out, NFTA_SET_FLAGS, SET_FLAGS);
    netlink_put_u32(out, NFTA_SET_KEY_TYPE, kinds[kind].key_type);
    netlink_put_u32(out, NFTA_SET_KEY_LEN, kinds[kind].key_size);
    /* Each element counts what it dropped. */
    size_t nest = netlink_nest(out, NFTA_SET_EXPR);
    netlink_put_text(out, NFTA_EXPR_NAME, "counter");
    netlink_nest_end(out, nest);
    netlink_batch_message_end(batch);
}

static void put_rule(const struct layout *layout, const struct rules *rules,
    const struct rule *rule, struct netlink_batch *batch)
{
    struct netlink_bytes *out =
        netlink_batch_message(batch, NFT_MSG_NEWRULE, NLM_F_CREATE | NLM_F_APPEND);

    netlink_put_text(out, NFTA_RULE_TABLE, layout->table);
    netlink_put_text(out, NFTA_RULE_CHAIN, chains[rule->chain].name);
    netlink_put(out, NFTA_RULE_EXPRESSIONS | NLA_F_NESTED, rules->data + rule->at, rule->size);
    netlink_batch_message_end(batch);
}

static void mend_sets(const struct layout *layout, const struct layout_state *state,
    const unsigned layers[LAYOUT_KINDS], struct netlink_batch *batch)
{
    char name[LAYOUT_NAME_SIZE];

    for (enum layout_kind kind = 0; kind < LAYOUT_KINDS; kind++)
        for (unsigned layer = 0; layer < layers[kind]; layer++) {
            layout_set_name(kind, layer, name);
            if (state->has_set[kind][layer] && !state->set_is_right[kind][layer])
                take_set(layout, name, batch);
            if (!state->set_is_right[kind][layer])
                put_set(layout, kind, layer, name, batch);
        }
}

void layout_mend(const struct layout *layout, const struct layout_state *state,
    const unsigned layers[LAYOUT_KINDS], struct netlink_batch *batch)
{
    unsigned all_layers[LAYOUT_KINDS];
    struct rules *rules = malloc(sizeof(*rules));

    if (rules == NULL) {
        batch->bytes.is_full = true; /* then it is refused as too big */
        return;
    }
    count_layers(state, layers, all_layers);
    rules_make(layout, all_layers, rules);
    put_table(layout, batch);
    for (enum layout_chain chain = 0; chain < LAYOUT_CHAINS; chain++)
        if (state->has_chain[chain])
            take_rules(layout, chain, batch);
    for (unsigned i = 1; i <= LAYOUT_CHAINS; i++) { /* the last first: it may jump to others */
        enum layout_chain chain = (enum layout_chain)(LAYOUT_CHAINS - i);
        if (state->has_chain[chain] &&
            !(state->chain_is_right[chain] && chain_is_wanted(layout, chain)))
            take_chain(layout, chain, batch);
    }
    mend_sets(layout, state, all_layers, batch);
    for (enum layout_chain chain = 0; chain < LAYOUT_CHAINS; chain++)
        if (chain_is_wanted(layout, chain) && !state->chain_is_right[chain])
            put_chain(layout, chain, batch);
    for (unsigned i = 0; i < rules->count; i++)
        put_rule(layout, rules, &rules->items[i], batch);
    if (rules->bytes.is_full)
        batch->bytes.is_full = true;
    free(rules);
}
