/*
 * term_list: every term that a playbook can use beside the standard library, in one place. What a
 * Lua state holds (api.c), what editors and the reference are told (terms.h) and what `check` knows
 * are made from it, so none of them can speak of a term that the others don't have.
 *
 * HK_TERMS(X): X(name, kind, function, signature, help), by name. `name` may be LIBRARY.MEMBER.
 * `signature` is a LuaCATS type (what Lua language servers read): a function's
 * parameters and results, or what a value is. `help` is one line, without a full stop.
 */
#ifndef HK_SCRIPT_TERM_LIST_H
#define HK_SCRIPT_TERM_LIST_H

// clang-format off
#define HK_TERMS(X) \
    X("act", HK_TERM_STEP, NULL, \
        "table<string, table<string, fun(args?: table, options?: table): any, string?>>", \
        "Call an action: act.PLUGIN.ACTION(args, options); nil and the reason when it failed") \
    X("ask", HK_TERM_STEP, hk_api_ask, \
        "fun(fields: {question: string, choices?: string[], timeout?: string, [string]: any}): any, string?", \
        "Put a question to people; nil and the reason without an answer") \
    X("at_least", HK_TERM_MARK, hk_lib_at_least, \
        "fun(severity: \"informational\"|\"low\"|\"medium\"|\"high\"|\"critical\"|\"fatal\"): userdata", \
        "In a trigger: this severity or a higher one") \
    X("call", HK_TERM_STEP, hk_api_call, \
        "fun(playbook: string): fun(args?: table): any, string?", \
        "Call another playbook for the same alert: call \"name\" {…}; gives what it returned") \
    X("case", HK_TERM_STEP, hk_api_case, \
        "fun(fields: {title?: string, phase?: \"identify\"|\"contain\"|\"eradicate\"|\"recover\"|\"learn\", " \
        "happening?: string, do_now?: string, impact?: string, scope?: string, " \
        "evidence?: {name: string, text?: string, place?: string, note?: string}[]}): string?, string?", \
        "Say what happens in the alert's case; gives the case's id") \
    X("close", HK_TERM_STEP, hk_api_close, \
        "fun(fields: {verdict: \"true_positive\"|\"false_positive\"|\"expected\"|\"undetermined\", " \
        "note?: string, [string]: any}): table", \
        "Close the alert; gives its own table back") \
    X("continue_as_new", HK_TERM_STEP, hk_api_continue_as_new, \
        "fun(state?: table): any", \
        "End this run and go on as a new one, whose run function gets the state: return continue_as_new {…}") \
    X("each", HK_TERM_BRANCHES, hk_api_each, \
        "fun(list: any[], fn: (fun(item: any, index: integer): any, string?), " \
        "options?: {at_once?: integer}): {ok: boolean, value: any, error: string?}[]", \
        "Call a function for each item of a list, so many at once; results in the list's order") \
    X("escalate", HK_TERM_STEP, hk_api_escalate, \
        "fun(fields?: {to?: string, text?: string}): true?, string?", \
        "Hand the alert over to people") \
    X("ip.is_in", HK_TERM_HELPER, hk_help_ip_is_in, \
        "fun(address: string?, networks: string|string[]): boolean?, string?", \
        "Is the address in the network, or in one of them? nil and the reason when it is no address") \
    X("ip.is_private", HK_TERM_HELPER, hk_help_ip_is_private, \
        "fun(address: string?): boolean?, string?", \
        "Is it this machine's or a private network's (RFC 1918, link-local, loopback …)?") \
    X("ip.is_public", HK_TERM_HELPER, hk_help_ip_is_public, \
        "fun(address: string?): boolean?, string?", \
        "Is it an address that the internet leads to?") \
    X("ip.is_reserved", HK_TERM_HELPER, hk_help_ip_is_reserved, \
        "fun(address: string?): boolean?, string?", \
        "Is it one where no single host answers (multicast, reserved, broadcast)?") \
    X("ip.parse", HK_TERM_HELPER, hk_help_ip_parse, \
        "fun(address: string?): string?, string?", \
        "The address in its one normal form; nil and the reason when it is none") \
    X("ip.version", HK_TERM_HELPER, hk_help_ip_version, \
        "fun(address: string?): integer?, string?", \
        "4 or 6") \
    X("json.parse", HK_TERM_HELPER, hk_help_json_parse, \
        "fun(text: string): any, string?", \
        "The value that a JSON text stands for; nil and the reason when it is no JSON") \
    X("json.text", HK_TERM_HELPER, hk_help_json_text, \
        "fun(value: any): string", \
        "The value as JSON") \
    X("note", HK_TERM_STEP, hk_api_note, \
        "fun(text: string|number): true", \
        "Write a line into the run's record and the alert's case") \
    X("notify", HK_TERM_STEP, hk_api_notify, \
        "fun(fields: {text: string, to?: string}): true?, string?", \
        "Tell people, by mail or chat") \
    X("now", HK_TERM_VALUE, hk_api_now, \
        "fun(): integer", \
        "Seconds since 1970: the time of the last result that was delivered") \
    X("null", HK_TERM_MARK, NULL, \
        "userdata", \
        "JSON's null, for a place in a list") \
    X("playbook", HK_TERM_TOP, hk_api_playbook, \
        "fun(fields: {name: string, summary?: string, on?: table, limits?: {run_for?: string}, " \
        "run: fun(alert: table, args: table): any}): table", \
        "What a playbook's text returns") \
    X("random", HK_TERM_VALUE, hk_api_random, \
        "fun(from_or_to?: integer, to?: integer): number", \
        "A float from 0 up to 1, or an integer; the same in each replay of a run") \
    X("release", HK_TERM_STEP, hk_api_release, \
        "fun(fields?: {reason?: string}): {released: integer, by_hand: integer, not_released: integer, " \
        "more: boolean, items: {containment: string, outcome: string, why?: string}[]}?, string?", \
        "Take back everything that the alert's case contains; nil and the reason when that may not be done") \
    X("retry", HK_TERM_STEP, hk_api_retry, \
        "fun(fn: (fun(try: integer): any, string?), options?: {times?: integer, first?: string, " \
        "factor?: number, at_most?: string, within?: string}): any, string?", \
        "Call a function until it doesn't give nil and a reason, with growing pauses between") \
    X("secret", HK_TERM_MARK, hk_api_secret, \
        "fun(name: string): userdata", \
        "A secret of the tenant, as an argument of an action that may have it; nothing else can be done with it") \
    X("signal", HK_TERM_STEP, hk_api_signal, \
        "(fun(name: string): userdata)|(fun(fields: {to: string, name: string, data?: any}): true?, string?)", \
        "A signal to wait for, by its name; with a table: send one to another run") \
    X("text.cut", HK_TERM_HELPER, hk_help_text_cut, \
        "fun(text: string, bytes: integer): string", \
        "At most so many bytes of a text, with an ellipsis where something went") \
    X("text.defang", HK_TERM_HELPER, hk_help_text_defang, \
        "fun(text: string): string", \
        "The text with links, names and mail addresses taken apart") \
    X("text.indicators", HK_TERM_HELPER, hk_help_text_indicators, \
        "fun(text: string): {ips: string[], urls: string[], domains: string[], mails: string[], hashes: string[]}", \
        "The addresses, links, names, mail addresses and digests that stand in a text") \
    X("text.refang", HK_TERM_HELPER, hk_help_text_refang, \
        "fun(text: string): string", \
        "The text with what was taken apart put together again") \
    X("text.split", HK_TERM_HELPER, hk_help_text_split, \
        "fun(text: string, between: string): string[]", \
        "The pieces of a text between what stands in between") \
    X("text.strip", HK_TERM_HELPER, hk_help_text_strip, \
        "fun(text: string): string", \
        "The text without blanks around it and without characters that hide or reorder") \
    X("this_run", HK_TERM_VALUE, hk_api_this_run, \
        "fun(): string", \
        "The id of this run, for others to signal to") \
    X("time.duration", HK_TERM_HELPER, hk_help_time_duration, \
        "fun(text: string): number?, string?", \
        "Seconds of a duration such as 30m; nil and the reason when it is none") \
    X("time.parse", HK_TERM_HELPER, hk_help_time_parse, \
        "fun(text: string): integer?, string?", \
        "Seconds since 1970 of an RFC 3339 time; nil and the reason when it is none") \
    X("time.parts", HK_TERM_HELPER, hk_help_time_parts, \
        "fun(seconds: integer, zone?: string): {year: integer, month: integer, day: integer, hour: integer, minute: integer, second: integer, weekday: string}", \
        "What calendar and clock show at that time") \
    X("time.span", HK_TERM_HELPER, hk_help_time_span, \
        "fun(seconds: number): string", \
        "A span for people, such as 1d 2h") \
    X("time.text", HK_TERM_HELPER, hk_help_time_text, \
        "fun(seconds: integer, zone?: string): string", \
        "The time as RFC 3339 text") \
    X("together", HK_TERM_BRANCHES, hk_api_together, \
        "fun(branches: table<string|integer, fun(): any, string?>): " \
        "table<string|integer, {ok: boolean, value: any, error: string?}>", \
        "Run functions at the same time; ends when all have ended") \
    X("wait", HK_TERM_STEP, hk_api_wait, \
        "fun(until: string|userdata, timeout?: string): any, string?", \
        "Wait for a duration, a time, \"business hours\" or a signal, without holding memory")
// clang-format on

#endif
