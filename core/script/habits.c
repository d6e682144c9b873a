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
    return knows;
}

void hk_habits_note(struct hk_habits *habits, uint64_t key, uint64_t took_us)
{
    struct hk_habit *habit = &habits->places[key % HK_SCRIPT_HABITS];

    if (habit->key != key)
        *habit = (struct hk_habit){.key = key};
    habit->weight = hk_weight_after(habit->weight, took_us);
}
