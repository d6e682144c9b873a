#include "script/habits.h"

unsigned hk_weight_after(unsigned weight, uint64_t took_us)
{
    if (took_us == 0)
        return weight == 0 ? 0 : weight - 1;
    if (took_us > (uint64_t)HK_LUA_SLICE_MS * 1000U)
        took_us = (uint64_t)HK_LUA_SLICE_MS * 1000U;
    weight += (unsigned)(took_us * HK_SCRIPT_WEIGHT_PER_MS / 1000U);
    return weight > HK_SCRIPT_WEIGHT_MAX ? HK_SCRIPT_WEIGHT_MAX : weight;
}

bool hk_weight_is_slow(unsigned weight)
{
    return weight >= HK_SCRIPT_WEIGHT_SLOW;
}

uint64_t hk_habits_key(const char *version)
{
    uint64_t hash = 14695981039346656037U; /* FNV-1a */

    for (; *version != '\0'; version++)
        hash = (hash ^ (unsigned char)*version) * 1099511628211U;
    return hash == 0 ? 1 : hash; /* 0 is an empty place */
}

bool hk_habits_knows(const struct hk_habits *habits, uint64_t key, unsigned *ret_weight)
{
    const struct hk_habit *habit = &habits->places[key % HK_SCRIPT_HABITS];
    bool knows = habit->key == key;

    *ret_weight = knows ? habit->weight : 0;
    if (knows && habit->late > 0 && *ret_weight < HK_SCRIPT_WEIGHT_SLOW)
        *ret_weight = HK_SCRIPT_WEIGHT_SLOW;
    return knows;
}

static struct hk_habit *find(struct hk_habits *habits, uint64_t key)
{
    struct hk_habit *habit = &habits->places[key % HK_SCRIPT_HABITS];

    if (habit->key != key)
        *habit = (struct hk_habit){.key = key};
    return habit;
}

void hk_habits_note_late(struct hk_habits *habits, uint64_t key)
{
    find(habits, key)->late++;
}

void hk_habits_note(struct hk_habits *habits, uint64_t key, uint64_t took_us, bool was_late)
{
    struct hk_habit *habit = find(habits, key);

    if (was_late && habit->late > 0) /* else it lost its place meanwhile */
        habit->late--;
    habit->weight = hk_weight_after(habit->weight, took_us);
}
