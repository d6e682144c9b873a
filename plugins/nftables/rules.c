#include "rules.h"

#include "expression.h"

#include <arpa/inet.h> /* before linux/netfilter.h, which else defines the same again */
#include <linux/netfilter.h>
#include <linux/netfilter/nf_tables.h>

static bool kind_is_v4(enum layout_kind kind)
{
    return kind == LAYOUT_BLOCK_V4 || kind == LAYOUT_HOST_V4;
}

/* Expressions go to the returned bytes until the rule is ended. */
static struct netlink_bytes *begin_rule(struct rules *rules, enum layout_chain chain)
{
    if (rules->count == RULES_MAX) {
        rules->bytes.is_full = true;
        rules->count--; /* what is written now does not count */
    }
    rules->items[rules->count] = (struct rule){.chain = chain, .at = rules->bytes.size};
    return &rules->bytes;
}

static void end_rule(struct rules *rules)
{
    struct rule *rule = &rules->items[rules->count++];

    rule->size = rules->bytes.size - rule->at;
}

static void add_verdict(
    struct rules *rules, enum layout_chain chain, int verdict, const char *target)
{
    expression_verdict(begin_rule(rules, chain), verdict, target);
    end_rule(rules);
}

/* From, or to, what is in the sets of a kind: verdict. */
static void add_sets(struct rules *rules, enum layout_kind kind, unsigned layers,
    enum layout_chain chain, int verdict, const char *targets[2])
{
    char set[LAYOUT_NAME_SIZE];

    for (unsigned layer = 0; layer < layers; layer++) {
        layout_set_name(kind, layer, set);
        for (int way = 0; way < 2; way++) {
            struct netlink_bytes *out = begin_rule(rules, chain);
            expression_family(out, kind_is_v4(kind));
            expression_address_in_set(out, kind_is_v4(kind), way == 0, set);
            expression_verdict(out, verdict, targets[way]);
            end_rule(rules);
        }
    }
}

/* Let a packet go on that passes between the host and a management address. */
static void begin_pass(struct rules *rules, const struct management *entry, bool is_from_host)
{
    bool is_v4 = address_is_v4(&entry->range);
    enum layout_chain chain = is_from_host ? LAYOUT_CHAIN_FROM_HOST : LAYOUT_CHAIN_TO_HOST;
    struct netlink_bytes *out = begin_rule(rules, chain);

    expression_family(out, is_v4);
    expression_address_is(out, is_v4, !is_from_host, entry->range.base + (is_v4 ? 12 : 0),
        entry->range.prefix - (is_v4 ? 96u : 0u));
}

static void end_pass(struct rules *rules)
{
    expression_verdict(&rules->bytes, NFT_RETURN, NULL);
    end_rule(rules);
}

static void add_management(struct rules *rules, const struct management *entry, bool is_from_host)
{
    static const uint8_t protocols[] = {IPPROTO_TCP, IPPROTO_UDP};
    /* Whoever is connected to has the port; its packets are the answers. */
    bool is_answer = (entry->way == MANAGEMENT_FROM) == is_from_host;

    if (entry->way == MANAGEMENT_ALL) {
        begin_pass(rules, entry, is_from_host);
        end_pass(rules);
        return;
    }
    for (unsigned i = 0; i < sizeof(protocols); i++) {
        begin_pass(rules, entry, is_from_host);
        expression_port(&rules->bytes, protocols[i], is_answer, entry->port);
        if (is_answer && protocols[i] == IPPROTO_TCP)
            expression_not_opening(&rules->bytes);
        end_pass(rules);
    }
}

void rules_make(
    const struct layout *layout, const unsigned layers[LAYOUT_KINDS], struct rules *ret_rules)
{
    static const char *to_isolated[2] = {"from_host", "to_host"};
    static const char *nowhere[2] = {NULL, NULL};
    struct rules *rules = ret_rules;

    rules->count = 0;
    rules->bytes = (struct netlink_bytes){.data = rules->data, .capacity = sizeof(rules->data)};
    for (int way = 0; way < 2; way++) {
        for (unsigned i = 0; i < layout->management_count; i++)
            add_management(rules, &layout->management[i], way == 0);
        add_verdict(rules, way == 0 ? LAYOUT_CHAIN_FROM_HOST : LAYOUT_CHAIN_TO_HOST, NF_DROP, NULL);
    }
    for (enum layout_kind kind = LAYOUT_HOST_V4; kind <= LAYOUT_HOST_V6; kind++)
        add_sets(rules, kind, layers[kind], LAYOUT_CHAIN_ISOLATE, NFT_GOTO, to_isolated);
    for (enum layout_kind kind = LAYOUT_BLOCK_V4; kind <= LAYOUT_BLOCK_V6; kind++)
        add_sets(rules, kind, layers[kind], LAYOUT_CHAIN_BLOCK, NF_DROP, nowhere);
    for (enum layout_chain chain = LAYOUT_FIRST_HOOK; chain < LAYOUT_CHAINS; chain++) {
        if (layout->blocks_in[chain])
            add_verdict(rules, chain, NFT_JUMP, "block");
        if (chain == LAYOUT_CHAIN_FORWARD)
            add_verdict(rules, chain, NFT_JUMP, "isolate");
    }
}

bool rule_is(const struct rules *rules, const struct rule *rule, const uint8_t *list, size_t size)
{
    const uint8_t *wanted = rules->data + rule->at;
    size_t wanted_size = rule->size;
    struct netlink_attr want;
    struct netlink_attr have;

    while (netlink_next(&wanted, &wanted_size, &want))
        if (!netlink_next(&list, &size, &have) || have.type != want.type ||
            !netlink_has_all(want.data, want.size, have.data, have.size))
            return false;
    return !netlink_next(&list, &size, &have);
}
