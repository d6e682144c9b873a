/*
 * vocabulary: words of the playbook language that several places have to agree on: what the runtime
 * takes, what `check` and editors know, what the engine writes, what the reference says. Each is an
 * X-macro with a line for people, without a full stop.
 */
#ifndef HK_SCRIPT_VOCABULARY_H
#define HK_SCRIPT_VOCABULARY_H

// clang-format off

/* X(name): fields of the alert that a trigger may ask about; nested ones in brackets. */
#define HK_TRIGGER_FIELDS(X)                                                                       \
    X("title") X("category") X("severity") X("uid") X("product") X("src.ip") X("src.port")         \
    X("src.host") X("dst.ip") X("dst.port") X("dst.host") X("device.host") X("device.ip")          \
    X("device.os") X("user.name") X("user.mail") X("file.path") X("file.sha256") X("url")          \
    X("process") X("technique")

/* X(name, members, help): the alert view that `run` is given. members: of an object, in brackets;
 * (NULL) when it is none. */
#define HK_VIEW_FIELDS(X)                                                                          \
    X("title", (NULL), "what happened, in one line")                                               \
    X("category", (NULL), "`authentication`, `malware`, `phishing`, `network`, `web` …")           \
    X("severity", (NULL), "see [Severities](#severities)")                                         \
    X("time", (NULL), "of the event, RFC 3339")                                                    \
    X("uid", (NULL), "the source's own id")                                                        \
    X("product", (NULL), "what told it")                                                           \
    X("src", ("ip", "port", "host", NULL), "where it came from")                                   \
    X("dst", ("ip", "port", "host", NULL), "where it went to")                                     \
    X("device", ("host", "ip", "os", NULL), "the machine that it is about")                        \
    X("user", ("name", "mail", NULL), "who is involved")                                           \
    X("file", ("path", "sha256", NULL), "which file")                                              \
    X("url", (NULL), "which address")                                                              \
    X("process", (NULL), "which process")                                                          \
    X("technique", (NULL), "a list of ATT&CK ids")                                                 \
    X("count", (NULL), "how many events it stands for")                                            \
    X("raw", (NULL), "what came, as it came")

/* X(name, help): how an alert is judged when it is closed. */
#define HK_VERDICTS(X)                                                                             \
    X("true_positive", "it was an attack, or what else the detection is there for")                \
    X("false_positive", "the detection was wrong")                                                 \
    X("expected", "it happened, and it is allowed: a test, a job, a scanner of one's own")         \
    X("undetermined", "nobody can say")

/* X(name, help): where a case stands. */
#define HK_CASE_PHASES(X)                                                                          \
    X("identify", "what is it, and what is touched")                                               \
    X("contain", "keep it from spreading")                                                         \
    X("eradicate", "take it out")                                                                  \
    X("recover", "back to normal")                                                                 \
    X("learn", "what has to change")

/* X(name, type, help): the second table of act.PLUGIN.ACTION(args, options). */
#define HK_ACT_OPTION_LIST(X)                                                                      \
    X("expires", "duration",                                                                       \
        "when a containment ends by itself; left out: the tenant's own time. From 1s up to what "  \
        "the tenant allows")                                                                       \
    X("because", "list",                                                                           \
        "evidence for the people who decide: texts, results of steps, `{ text = …, link = "        \
        "\"https://…\" }`")                                                                        \
    X("timeout", "duration",                                                                       \
        "how long the call may take once it is sent, from 1s; left out: the action's own time")    \
    X("ask", "boolean or `{ quorum = n }`",                                                        \
        "have people asked, also where the rules don't; with so many yeses. Less than what the "   \
        "rules ask for is not possible")

/* X(how, refused, help): how a step was settled, as `run show` and the record say. refused: it was a
 * no from people, from rules, or since the request is wrong, so `retry` does not ask again. */
#define HK_STEP_HOWS(X)                                                                            \
    X("plugin", false, "the plugin answered: the result, or its reason for failing")               \
    X("probe", false, "the plugin was asked afterwards whether it had happened")                   \
    X("timer", false, "a wait's time came, or a signal's time went by")                            \
    X("signal", false, "the signal came")                                                          \
    X("call", false, "the called playbook ended")                                                  \
    X("answer", false, "a person answered the question")                                           \
    X("engine", false, "the engine did it itself: note, close, case, notify, escalate, signal")    \
    X("denied", true, "the tenant's rules or the protected list say no: `denied by RULE: WHY`")    \
    X("watched", true, "the tenant only watches: nothing is done")                                 \
    X("recommended", true, "people are to do it by hand: a task was opened")                       \
    X("rejected", true, "a person said no: `rejected: WHY`")                                       \
    X("expired", true, "nobody answered in time, which means no, unless `otherwise` says more")    \
    X("not_sent", false, "the run had ended before the call could leave")                          \
    X("shadow", true, "the run only tries a version: withheld, or it seems to have succeeded")      \
    X("invalid", true, "the request is wrong: an action that isn't there, arguments that don't fit") \
    X("happened", false, "nobody knew; a person found that it was done, and said what came of it") \
    X("did_not", false, "nobody knew; a person found that it was not done")
// clang-format on

#endif
