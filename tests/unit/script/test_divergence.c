/*
 * Every divergence is found at the first step that differs, and none is invented. Base playbooks
 * run, their records are replayed in mutants of theirs at each place where the engine could have
 * ended, and what the replay says is held against a fresh run of the mutant that is given the same
 * results: that one knows no record, so it decides by itself what differs.
 */
#include "mutate.h"
#include "world.h"

#include "script/play.h"

#define MUTANTS_PER_BASE 100
#define REWRITTEN_PER_BASE 25

/* --- the bases: every construct --- */

#define HEAD "return playbook { name = 'base', summary = 's', run = function(alert)\n"
#define TAIL "end }\n"

static const char *const bases[] = {
    /* steps of every kind, one after the other */
    HEAD " local my_deep = {1, 2}\n"
         " local my_a = act.p.one {{ip = 'x1'|n = 1|deep = my_deep}}\n"
         " local my_b, my_why = act.p.two({ip = 'x2', fail = 1}, {expires = '1h'})\n"
         " if my_b then note 'second' end\n"
         " if my_why then note('why ' .. my_why) end\n"
         " wait '30m'\n"
         " note('n ' .. my_a.n)\n"
         " case {{title = 't'|phase = 'contain'}}\n"
         " notify {{to = 'tier1'|text = 'look'}}\n"
         " escalate {text = 'please'}\n"
         " ask {{question = 'sure?'|choices = {'yes', 'no'}|timeout = '4h'}}\n"
         " return close {{verdict = 'true_positive'|note = 'done'}}\n" TAIL,
    /* together, by names and as a list, one in the other */
    HEAD " local my_r = together {\n"
         "  a = function()\n"
         "   act.p.a1 {n = 1}\n"
         "   return act.p.a2 {n = 2}\n"
         "  end,\n"
         "  b = function() act.p.b1 {n = 3} return act.p.b2 {fail = 1} end,\n"
         "  c = function()\n"
         "   local my_q = together { function() act.p.c1() end,\n"
         "    function() wait '1h' note 'waited' end }\n"
         "   note('c ' .. #my_q)\n"
         "  end,\n"
         " }\n"
         " for k, v in pairs(my_r) do note(k .. tostring(v.ok)) end\n"
         " if my_r.a.ok then act.p.last {n = my_r.a.value.n} end\n"
         " return my_r.b.error\n" TAIL,
    /* each, and what is made of its results */
    HEAD " local my_list = {'x1', 'x2', 'x3', 'x4'}\n"
         " local my_r = each(my_list, function(my_host, i)\n"
         "  local my_f = act.p.look {{ip = my_host|i = i}}\n"
         "  if i > 2 then note('late ' .. my_host) end\n"
         "  return my_f\n"
         " end, {at_once = 2})\n"
         " local my_sum = 0\n"
         " for i, v in ipairs(my_r) do my_sum = my_sum + v.value.n end\n"
         " note('sum ' .. my_sum)\n"
         " for i = 1, 3 do act.p.block {n = i} end\n"
         " return my_sum\n" TAIL,
    /* retry: pauses by chance, refusals, a budget */
    HEAD " local my_a, my_why = retry(function(my_try)\n"
         "  return act.p.flaky {fail = my_try, n = 1}\n"
         " end, {times = 4, first = '10s', factor = 3})\n"
         " note(my_why)\n"
         " local my_b = retry(function() return act.p.no {refuse = 1} end, {times = 3})\n"
         " if not my_b then note 'refused' end\n"
         " retry(function(my_try) if my_try < 2 then return nil, 'again' end return 1 end)\n"
         " return close {verdict = 'undetermined'}\n" TAIL,
    /* chance and time decide */
    HEAD " local my_a = random(1, 6)\n"
         " act.p.roll {n = my_a}\n"
         " if random() > 0.5 then note 'high' else note 'low' end\n"
         " wait '5m'\n"
         " note('at ' .. now())\n"
         " local my_t = {}\n"
         " for i = 1, 5 do my_t[i] = random(100) end\n"
         " table.sort(my_t)\n"
         " note(table.concat(my_t, ' '))\n"
         " act.p.last {{t = my_t|at = now()}}\n"
         " return my_t\n" TAIL,
    /* errors caught, and what they say */
    HEAD
    " local my_ok, my_e = pcall(function() act.p.one {n = 1} local my_n = nil + 1 end)\n"
    " note('caught ' .. tostring(my_ok))\n"
    " xpcall(function() act.p.two {n = 2} error('no', 0) end, function(my_m) return my_m end)\n"
    " local my_t = {zeta = 1, alpha = 2, mid = 3, ['10'] = 4, ['9'] = 5}\n"
    " for k, v in pairs(my_t) do act.p.each {[k] = v} end\n"
    " local my_x, my_y = pcall(wait, 'soon')\n"
    " if not my_x then note 'misused' end\n"
    " return {my_ok, my_x}\n" TAIL,
    /* helpers beside the run function, closures, strings */
    "--Flocal function h_say(text) return note('say ' .. text) end\n"
    "--Flocal function h_look(ip) return act.p.look {{ip = ip|why = 'because'}} end\n"
    "--Flocal function h_all(...) return select('#', ...) end\n" HEAD " local my_f = h_look('x9')\n"
    " h_say(('%s %d'):format(my_f.step, my_f.n))\n"
    " local my_seen = {}\n"
    " for my_w in ('one two three'):gmatch('%a+') do my_seen[#my_seen + 1] = my_w end\n"
    " for i, w in ipairs(my_seen) do h_say(w) end\n"
    " local my_r = together { x = function() return h_look('x1') end, y = function() return "
    "h_look('x2') end }\n"
    " h_say(h_all(my_r.x.value.n, my_r.y.value.n))\n"
    " return my_seen\n" TAIL,
    /* what others tell, and other playbooks */
    HEAD " local my_ips = {'192.0.2.1', '192.0.2.2'}\n"
         " local my_r = together {\n"
         "  told = function()\n"
         "   local my_came, my_why = wait(signal 'ticket-closed', '3d')\n"
         "   if not my_came then note('nobody: ' .. my_why) end\n"
         "   return my_came\n"
         "  end,\n"
         "  called = function()\n"
         "   local my_got = call 'block' {{ips = my_ips|why = 'x1'}}\n"
         "   return call 'release' {n = my_got.n}\n"
         "  end,\n"
         " }\n"
         " signal {{to = this_run()|name = 'go'|data = my_ips}}\n"
         " wait 'business hours'\n"
         " wait '09:30'\n"
         " wait '2026-11-23T09:00:00Z'\n"
         " note('n ' .. my_r.called.value.n)\n"
         " return my_r.told.ok\n" TAIL,
    /* watches, and goes on as a new run */
    HEAD " local my_seen = {}\n"
         " for my_n = 1, 4 do\n"
         "  wait '6h'\n"
         "  local my_got = act.p.look {{n = my_n|why = 'x1'}}\n"
         "  if my_got then my_seen[#my_seen + 1] = my_got.n end\n"
         "  if random(4) == 1 then note('now ' .. my_n) end\n"
         " end\n"
         " act.p.tell {n = #my_seen}\n"
         " return continue_as_new {{seen = my_seen|at = now()}}\n" TAIL,
    /* each in together, retry in each */
    HEAD " local my_r = together {\n"
         "  hosts = function()\n"
         "   return #each({'x1', 'x2', 'x3'}, function(my_host)\n"
         "    return retry(function(my_try) return act.p.try {fail = 1, host = my_host} end, "
         "{times = 2})\n"
         "   end, {at_once = 2})\n"
         "  end,\n"
         "  clock = function() wait '10m' note 'ten minutes' return now() end,\n"
         " }\n"
         " note('all ' .. my_r.hosts.value)\n"
         " return close {verdict = 'expected'}\n" TAIL,
};
#define BASES (sizeof bases / sizeof *bases)

/* --- a fresh run of the mutant, and what follows from it --- */

struct verdict {
    bool diverges;
    bool is_vague; /* it failed while steps were asked for: which one it was is not told */
    char step[HK_STEP_PATH_SIZE];
    char got[1200]; /* "": not asked for */
    int request_count;
    char *end;
};

static void deliver(struct hk_play *run, const struct done *d)
{
    struct hk_delivery *delivery = calloc(1, sizeof *delivery);

    if (delivery == NULL)
        abort();
    delivery->step = hk_strdup(d->step);
    delivery->value = hk_strdup(d->value);
    delivery->ok = d->ok;
    delivery->is_refused = d->is_refused;
    delivery->time_us = d->time_us;
    hk_play_add(run, delivery);
}

static const struct hk_script_record *find(
    const struct hk_script_record *records, size_t count, const char *step)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(records[i].step, step) == 0)
            return &records[i];
    }
    return NULL;
}

static bool was_asked(const struct world *fresh, const char *step)
{
    for (int i = 0; i < fresh->open_count; i++) {
        if (strcmp(fresh->open[i].step, step) == 0)
            return true;
    }
    return false;
}

static void differs(struct verdict *v, const char *step, const char *got)
{
    v->diverges = true;
    (void)snprintf(v->step, sizeof v->step, "%s", step);
    (void)snprintf(v->got, sizeof v->got, "%s", got);
}

/* Hold the requests from `first` on against the record. */
static bool requests_differ(struct verdict *v, const struct world *fresh, int first,
    const struct hk_script_record *records, size_t count)
{
    char got[1200];

    for (int i = first; i < fresh->open_count; i++) {
        const struct done *d = &fresh->open[i];
        const struct hk_script_record *old = find(records, count, d->step);
        if (old == NULL ||
            (strcmp(old->op, d->op) == 0 && strcmp(old->name, d->name) == 0 &&
                strcmp(old->args, d->args) == 0 && strcmp(old->options, d->options) == 0))
            continue;
        (void)snprintf(got, sizeof got, "%s%s%s %s %s", d->op, *d->name == '\0' ? "" : " ", d->name,
            d->args, d->options);
        differs(v, d->step, got);
        return true;
    }
    return false;
}

/* The first recorded step that was not asked for, from `first` on; NULL when there is none. */
static const char *unasked(
    const struct world *fresh, const struct hk_script_record *records, size_t count, size_t first)
{
    for (size_t i = first; i < count; i++) {
        if (!was_asked(fresh, records[i].step))
            return records[i].step;
    }
    return NULL;
}

static struct verdict judge(const char *mutant, const struct world *live,
    const struct hk_script_record *records, size_t count, int settled)
{
    struct hk_play *run = load(mutant, NULL, 0);
    struct world fresh = {0};
    struct verdict v = {0};
    const char *step = NULL;

    for (int i = 0;; i++) {
        int before = fresh.open_count;
        while (hk_play_is_due(run)) {
            hk_play_activate(run, &cache);
            take_events(&fresh, run);
        }
        if (requests_differ(&v, &fresh, before, records, count))
            break;
        if (fresh.end != NULL) {
            step = i < settled ? records[i].step : unasked(&fresh, records, count, 0);
            if (step != NULL)
                differs(&v, step, "");
            v.is_vague = step != NULL && strncmp(fresh.end, "failed", 6) == 0;
            break;
        }
        if (i == settled) {
            step = unasked(&fresh, records, count, 0);
            if (step != NULL)
                differs(&v, step, "");
            break;
        }
        if (!was_asked(&fresh, live->done[i].step)) {
            differs(&v, live->done[i].step, "");
            break;
        }
        deliver(run, &live->done[i]);
    }
    v.request_count = fresh.request_count;
    v.end = fresh.end;
    fresh.end = NULL;
    hk_play_free(run);
    world_done(&fresh);
    return v;
}

/* --- the replay --- */

struct tally {
    unsigned mutants;
    unsigned replays;
    unsigned diverged;
    unsigned vague;
};

static bool is_right(const struct world *w, const struct verdict *v,
    const struct hk_script_record *records, size_t count)
{
    bool diverged = w->end != NULL && strncmp(w->end, "diverged", 8) == 0;
    const struct hk_script_record *old;
    char expected[1200];

    if (diverged != v->diverges)
        return false;
    if (!diverged) {
        int recorded = (int)count;
        /* what the record lacks is asked for now, and it ends as the fresh run */
        if ((w->end == NULL) != (v->end == NULL) || (w->end != NULL && strcmp(w->end, v->end) != 0))
            return false;
        return v->end != NULL || w->request_count == v->request_count - recorded;
    }
    if (w->request_count != 0 || w->blocked_count != 0)
        return false;
    old = find(records, count, w->step);
    if (old == NULL || strncmp(w->where, "run.lua", 7) != 0)
        return false;
    (void)snprintf(expected, sizeof expected, "diverged %s%s%s %s %s", old->op,
        *old->name == '\0' ? "" : " ", old->name, old->args, old->options);
    if (strcmp(w->end, expected) != 0)
        return false;
    if (v->is_vague)
        return true;
    return strcmp(w->step, v->step) == 0 &&
           (v->got[0] == '\0' || (strcmp(w->got, v->got) == 0 && strchr(w->where, ':') != NULL));
}

static void check_cut(
    const char *mutant, const struct world *live, int settled, struct tally *tally, bool harmless)
{
    struct hk_script_record records[STEPS_MAX];
    size_t count = records_at(live, settled, records);
    struct verdict v = judge(mutant, live, records, count, settled);
    struct hk_play *run = load(mutant, records, count);
    struct world w = {0};
    bool right;

    while (hk_play_is_due(run)) {
        hk_play_activate(run, &cache);
        take_events(&w, run);
    }
    right = is_right(&w, &v, records, count) && !(harmless && v.diverges);
    if (!right)
        (void)fprintf(stderr,
            "\nafter %d results\n%s\nreplay: %s at %s\n  got %s\nfresh: %s%s at %s\n  got %s\n",
            settled, mutant, w.end, w.step == NULL ? "" : w.step, w.got == NULL ? "" : w.got,
            v.diverges ? "differs" : "agrees", v.end == NULL ? "" : v.end, v.step, v.got);
    CU_ASSERT_TRUE(right);
    tally->replays++;
    tally->diverged += v.diverges;
    tally->vague += v.is_vague;
    free(v.end);
    hk_play_free(run);
    world_done(&w);
}

static void check_mutant(
    const struct text *base, const struct text *mutant, struct tally *tally, bool harmless)
{
    for (int newest_first = 0; newest_first < 2; newest_first++) {
        struct world live = {.newest_first = newest_first != 0};
        play(&live, base->at);
        CU_ASSERT(live.end != NULL && (strncmp(live.end, "finished", 8) == 0 ||
                                          strncmp(live.end, "continued", 9) == 0));
        for (int i = 0; i <= live.done_count; i++)
            check_cut(mutant->at, &live, i, tally, harmless);
        world_done(&live);
    }
    tally->mutants++;
}

static bool is_playbook(const struct text *text)
{
    struct hk_error error;
    struct hk_buf out;
    enum hk_status status;

    hk_buf_init(&out, 4096);
    status = hk_playbook_describe(text->at, strlen(text->at), "run.lua", &out, &error);
    hk_buf_done(&out);
    return status == HK_OK;
}

static void test_mutants(void)
{
    struct tally tally = {0};

    draw_state = 5;
    for (size_t i = 0; i < BASES; i++) {
        struct text base;
        (void)snprintf(base.at, sizeof base.at, "%s", bases[i]);
        settle_text(&base);
        CU_ASSERT_TRUE_FATAL(is_playbook(&base));
        for (unsigned n = 0; n < MUTANTS_PER_BASE;) {
            struct text mutant = base;
            for (unsigned changes = 1 + draw(2); changes > 0; changes--)
                mutate(&mutant);
            if (strcmp(mutant.at, base.at) == 0 || !is_playbook(&mutant))
                continue;
            check_mutant(&base, &mutant, &tally, false);
            n++;
        }
    }
    (void)printf("\n  %u mutants, %u replays, %u of them diverge (%u by an error) ", tally.mutants,
        tally.replays, tally.diverged, tally.vague);
    CU_ASSERT(tally.mutants >= 500);
    CU_ASSERT(tally.diverged > tally.replays / 4);
    CU_ASSERT(tally.diverged < tally.replays);
    CU_ASSERT(tally.vague < tally.diverged / 4);
}

/* Written differently, and the same for all that. */
static void test_rewritten(void)
{
    struct tally tally = {0};

    draw_state = 6;
    for (size_t i = 0; i < BASES; i++) {
        struct text base;
        (void)snprintf(base.at, sizeof base.at, "%s", bases[i]);
        for (unsigned n = 0; n < REWRITTEN_PER_BASE; n++) {
            struct text mutant = base;
            struct text plain = base;
            settle_text(&plain);
            rewrite(&mutant);
            CU_ASSERT_TRUE(is_playbook(&mutant));
            check_mutant(&plain, &mutant, &tally, true);
        }
    }
    CU_ASSERT_EQUAL(tally.diverged, 0);
}

static CU_TestInfo tests[] = {
    {"mutated playbooks", test_mutants},
    {"playbooks written differently", test_rewritten},
    CU_TEST_INFO_NULL,
};

TEST_MAIN("divergence", tests)
