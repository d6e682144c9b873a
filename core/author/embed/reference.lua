-- What the reference (sdk/docs/reference.md) says of each term, beside its type and its line of help in
-- core/script/term_list.h. A term that is missing here, or has no example, fails the test of the reference.
--
--   takes     name and meaning of what it is given, one after the other
--   gives     what comes back
--   refuses   when it gives nil and the reason
--   raises    what is an error, with the line
--   code      the body of a playbook's `run`; test: the body of a test of it, which is really run
--   values    for what needs no run: an expression and what it gives, one after the other
--
-- `alert` in the examples has src.ip, user.name, device.host and raw.body; see tests/system/test_reference.py.
local NO_ADDRESS = "the text is no address; so it can be asked about whatever an alert says"
local NOT_A_TEXT = "what is given is no text"
local LARGE = "a text that is no UTF-8 or larger than 1 MiB"
local TELLS = "there is nobody of that name, or nobody to tell"

return {
  playbook = {
    takes = {
      "name", "1 to 63 of `a-z 0-9 - _`; required",
      "summary", "one sentence for people",
      "on", "a trigger, or a list of them; left out: it is started by hand or called",
      "limits", "`{ run_for = \"2d\" }`: how long a run may take with all its waits",
      "run", "`function(alert, args)`; required. `args` is what a caller, or the run before, handed over, else empty",
    },
    gives = "the playbook, which the file has to return",
    raises = "a field that is missing or not of its kind, a field that playbooks don't have, a trigger that can never match",
    file = [[
return playbook {
  name    = "ask-about-a-login",
  summary = "Ask whether a login was the user's own",
  on      = { { category = "identity", severity = at_least "medium" } },
  limits  = { run_for = "1d" },

  run = function(alert)
    note("asked about " .. (alert.user and alert.user.name or "nobody"))
    return close { verdict = "expected" }
  end,
}]],
    test = [[
t.starts { category = "identity", severity = "high" }
t.does_not_start { category = "identity", severity = "low" }
t.run(alert)
t.noted "user-1"]],
  },
  act = {
    takes = {
      "args", "a table with names: the action's own arguments, as `hikeshi plugin show NAME` lists them; left out: none",
      "options", "a table with names: the engine's, see [Options of an action](#options-of-an-action); left out: none",
    },
    gives = "the action's result, `true` when it has none. When a person allowed less than was asked for, `narrowed` is in it: " ..
      "the `args` and the `lease_ms` that were really used",
    refuses = "it failed, timed out, is not allowed, or people said no, see [How a step ends](#how-a-step-ends)",
    raises = "a third value, `args` or `options` that are no table with names, values that are no plain data, more than 64 KiB",
    code = [[
local found, why = act.intel.lookup { ip = alert.src.ip }
local lease, refused = act.contain.block_ip({ ip = alert.src.ip },
  { expires = "4h", because = { "it scans us", found or why } })
return lease and "blocked" or refused]],
    test = [[
t.on("intel.lookup", t.fails "timed out")
t.on("contain.block_ip", { listed = true, already = false, entries = 1 }, t.denies "protected: the gateway")
t.run(alert)
t.did("contain.block_ip", { ip = "192.0.2.7" }, { because = { "it scans us", "timed out" } })
t.returned "blocked"
t.run(alert)
t.returned "denied by protected: the gateway"]],
  },
  ask = {
    takes = {
      "question", "what people read first; required",
      "choices", "a list of the answers that there are; left out: yes (`true`) or no",
      "timeout", "how long it stays open; an hour when it isn't said",
      "otherwise", "what counts as the answer when nobody gives one; left out: `nil` and the reason",
      "role", "who may answer: `approver` when it isn't said",
      "quorum", "how many people have to say the same; 1 when it isn't said",
      "because", "evidence for them, as in the options of an action",
      "to", "a level or a contact that is told of it at once, beside those who always are; who may answer is `role`'s matter",
    },
    gives = "the choice that was made, or `true`",
    refuses = "it was rejected, or nobody answered in time and there is no `otherwise`",
    raises = "no question, a `timeout` that is no duration, fields that are no plain data",
    code = [[
local answer = ask {
  question  = "Did " .. alert.user.name .. " log in from " .. alert.src.ip .. "?",
  choices   = { "yes", "no" },
  timeout   = "2h",
  otherwise = "nobody answered",
}
return answer]],
    test = [[
t.on("ask", t.after("20m", "yes"), t.expires(), t.rejects "ask the desk")
t.run(alert)
t.asked "Did user-1 log in"
t.returned "yes"
t.run(alert)
t.returned "nobody answered"]],
  },
  call = {
    takes = {
      "playbook", "its name",
      "args", "a table with names, which its `run` gets as its second value; left out: empty",
    },
    gives = "what its `run` returned, `true` when that is nothing",
    refuses = "there is no such playbook, it failed or was cancelled, it would call itself, or calls are nested too deeply",
    raises = "no name, more than one table, values that are no plain data",
    code = [[
local blocked, why = call "block-indicators" { ips = { alert.src.ip } }
return blocked or why]],
    test = [[
t.on("call block-indicators", { blocked = 1 })
t.run(alert)
t.did("call block-indicators", { ips = { "192.0.2.7" } })
t.returned { blocked = 1 }]],
  },
  case = {
    takes = {
      "title", "what the case is called",
      "phase", "see [Phases](#phases)",
      "happening, do_now", "what people read first: what happens, and what must be done now",
      "impact, scope", "what it does harm to, and how far it reaches",
      "evidence", "a list of up to 16 tables with a `name`, and a `text` or a `place`, and a `note`",
    },
    gives = "the id of the alert's case; an alert that is in none is given one",
    refuses = "people have closed the case",
    raises = "a phase that does not exist, texts that are none or too long, evidence without a name",
    code = [[
local id = case {
  phase     = "contain",
  happening = "Someone guesses passwords from " .. alert.src.ip,
  do_now    = "Nothing: the address is about to be blocked",
  evidence  = { { name = "lookup", text = "known bad on two lists" } },
}
return id]],
    test = [[
t.run(alert)
t.did("case", { phase = "contain", happening = t.has "192.0.2.7" })
t.returned "ca-1"]],
  },
  close = {
    takes = {
      "verdict", "see [Verdicts](#verdicts); required",
      "note", "why, for people",
    },
    gives = "its own table, so `return close { … }` works. It does not end the run by itself",
    raises = "a verdict that does not exist, a note that is no text",
    code = [[
return close { verdict = "expected", note = alert.src.ip .. " is our own scanner" }]],
    test = [[
t.run(alert)
t.closed("expected", "own scanner")]],
  },
  continue_as_new = {
    takes = {
      "state", "a table with names, which the new run's `run` gets as its second value; left out: empty",
    },
    gives = "nothing: the run ends in it, `pcall` does not see that, and whoever called the run waits for the new one",
    raises = "a call in a branch of `together` or `each`, values that are no plain data, more than 64 KiB",
    code = [[
local rounds = args.rounds or 0
wait "1d"
return continue_as_new { rounds = rounds + 1 }]],
    test = [[
t.run(alert)
t.continued { rounds = 1 }
t.go_on()
t.continued { rounds = 2 }]],
  },
  escalate = {
    takes = {
      "to", "a level or a contact of the tenant; left out: the level that it escalates to",
      "text", "what they are told, up to 4,000 bytes; its first line is the subject",
    },
    gives = "`true` once the notices are queued; it waits for nobody",
    refuses = TELLS,
    raises = "fields that are no texts, or too long",
    code = [[
escalate { to = "tier2", text = "Not contained: " .. alert.device.host }]],
    test = [[
t.run(alert)
t.did("escalate", { to = "tier2" })]],
  },
  note = {
    takes = { "text", "a text or a number, for the run's record and the alert's case" },
    gives = "`true`",
    raises = NOT_A_TEXT .. " and no number",
    code = [[
note("seen from " .. alert.src.ip)]],
    test = [[
t.run(alert)
t.noted "192.0.2.7"]],
  },
  notify = {
    takes = {
      "text", "up to 4,000 bytes; its first line is the subject. Links in it are taken apart",
      "to", "a level or a contact of the tenant; left out: the first level",
    },
    gives = "`true` once the notices are queued; it waits for nobody",
    refuses = TELLS,
    raises = "no text, fields that are no texts, or too long",
    code = [[
notify { to = "tier2", text = "The backup of " .. alert.device.host .. " is missing" }]],
    test = [[
t.run(alert)
t.did("notify", { text = t.has "host-1" })]],
  },
  release = {
    takes = { "reason", "why, for the record and for people; left out: that it was released with its case" },
    gives = "how many were `released`, are to be undone `by_hand`, or were `not_released`, whether there are `more` than it " ..
      "takes at once (200), and `items`, each with its `containment` and `outcome`",
    refuses = "the alert is in no case, or the tenant's rules don't leave it to a playbook (kind `restore`, action `case.release`)",
    raises = "a reason that is no text, or too long",
    code = [[
local done, why = release { reason = "it was the user's own doing" }
return done and done.released or why]],
    test = [[
t.on("release", { released = 2, by_hand = 0, not_released = 0, more = false, items = {} })
t.run(alert)
t.returned(2)]],
  },
  retry = {
    takes = {
      "fn", "`function(try)` with 1, 2, 3 …, which may take steps",
      "times", "so many tries at most; 3 when it isn't said, up to 100",
      "first", "the first pause; `\"1s\"` when it isn't said",
      "factor", "each pause is so many times longer; 2 when it isn't said",
      "at_most", "the longest pause; `\"5m\"` when it isn't said",
      "within", "no pause ends later than so long after the beginning",
    },
    gives = "what the last try gave: the first one that is not `nil` and a reason",
    refuses = "every try did; or one was refused by people, by rules, or as wrong, which is not tried again",
    raises = "no function, options that don't exist or are not of their kind; errors of the function",
    code = [[
local found, why = retry(function() return act.intel.lookup { ip = alert.src.ip } end,
  { times = 5, first = "10s", within = "10m" })
return found and found.known_good or why]],
    test = [[
t.on("intel.lookup", t.fails "busy", t.fails "busy", { known_good = true, known_bad = false, list = "own", lists = {} })
t.run(alert)
t.equal(t.count "intel.lookup", 3)
t.returned(true)]],
  },
  signal = {
    takes = {
      "name", "1 to 63 of `a-z 0-9 - _`: what `wait` waits for",
      "to, name, data", "given as a table: the run that is told (`this_run()` there), the signal's name, and up to 16 KiB of data",
    },
    gives = "with a name: a mark for `wait`. With a table: `true` once the other run has it",
    refuses = "there is no such run, it has ended, or has too many signals",
    raises = "a name that is none, data that is no plain data",
    code = [[
local told, why = signal { to = alert.raw.asked_by, name = "approved", data = { by = alert.user.name } }
return told or why]],
    test = [[
t.run(alert)
t.did("signal", { to = "ru-1", name = "approved", data = { by = "user-1" } })
t.returned(true)]],
  },
  wait = {
    takes = {
      "until", "a duration (`\"30m\"`), a time of day by the tenant's clocks (`\"09:00\"`), a time with its zone " ..
        "(`\"2026-11-23T09:00:00+09:00\"`), `\"business hours\"`, or `signal \"name\"`",
      "timeout", "for a signal: a duration; left out: for as long as the run may take",
    },
    gives = "`true`; for a signal what came with it",
    refuses = "no signal came in time; the tenant has no business hours",
    raises = "any other text, a time-out for anything but a signal",
    code = [[
wait "30m"
local came, why = wait(signal "ticket-closed", "3d")
return came and came.by or why]],
    test = [[
t.on("signal ticket-closed", t.after("1d", { by = "user-2" }))
t.run(alert)
t.waited "30m"
t.returned "user-2"]],
  },
  together = {
    takes = { "branches", "up to 256 functions, by name or as a list; names are letters, digits, `_` and `-`" },
    gives = "a table with the same keys: `{ ok = true, value = … }`, or `{ ok = false, error = … }` for a function that " ..
      "returned `nil` and a reason",
    raises = "anything else than functions, names and places in one table; errors of a function, once all have ended or wait",
    code = [[
local found = together {
  intel = function() return act.intel.lookup { ip = alert.src.ip } end,
  asked = function() return ask { question = "Is it yours?", timeout = "1h" } end,
}
return found.intel.ok and found.intel.value.known_good or found.asked.error]],
    test = [[
t.on("intel.lookup", t.fails "timed out")
t.on("ask", t.rejects "no")
t.run(alert)
t.returned "rejected: no"]],
  },
  each = {
    takes = {
      "list", "up to 10,000 items, without gaps",
      "fn", "`function(item, index)`, which may take steps",
      "at_once", "so many at the same time; 8 when it isn't said, up to 256",
    },
    gives = "a list of what `together` gives, in the order of the list",
    raises = "no list, a list with gaps, no function; errors of the function",
    code = [[
local looked = each(text.indicators(alert.raw.body).ips, function(ip)
  return act.intel.lookup { ip = ip }
end, { at_once = 4 })
return #looked]],
    test = [[
t.on("intel.lookup", { known_good = false, known_bad = true, list = "bad", lists = {} })
t.run(alert)
t.equal(t.count "intel.lookup", 2)
t.returned(2)]],
  },
  now = {
    gives = "the time of the last result, or of the run's beginning: the same in each replay, and not the time on the wall",
    raises = "outside of `run`",
    code = [[
local begun = now()
wait "2h"
return now() - begun]],
    test = [[
t.run(alert)
t.returned(7200)]],
  },
  random = {
    takes = { "m, n", "nothing: a float from 0 up to 1. One number: an integer from 1 to it. Two: from the first to the second" },
    gives = "the same numbers in each replay of the run. Don't make secrets of it",
    raises = "outside of `run`; an interval that is empty",
    code = [[
local sample = random(100)
return sample >= 1 and sample <= 100]],
    test = [[
t.seed(7)
t.run(alert)
t.returned(true)]],
  },
  this_run = {
    gives = "the run's id",
    raises = "outside of `run`",
    code = [[
note("tell me: hikeshi run signal " .. this_run() .. " go")
return wait(signal "go", "1h")]],
    test = [[
t.on("signal go", true)
t.run(alert)
t.noted "run signal"]],
  },
  at_least = {
    takes = { "severity", "see [Severities](#severities)" },
    gives = "a mark for `severity` in a trigger, and in the configuration",
    raises = "a text that is no severity",
    file = [[
return playbook {
  name = "serious-web",
  on   = { category = "web", severity = at_least "high" },
  run  = function() return close { verdict = "undetermined" } end,
}]],
    test = [[
t.starts { category = "web", severity = "critical" }
t.does_not_start { category = "web", severity = "medium" }]],
  },
  null = {
    gives = "a mark that is written as JSON's null. In an object a member that is null is left out: use it in lists",
    values = { "json.text { 1, null, 3 }", '"[1,null,3]"', "json.parse(\"null\") == null", "true" },
  },
  secret = {
    takes = { "name", "of a secret that the tenant's configuration names" },
    gives = "a mark that may stand in the arguments of an action that may have it; the value is put in when the call is sent, " ..
      "and is in no record",
    raises = "a name that is none; and whatever else is done with the mark: joined to a text, compared, written, looked into",
    code = [[
local told, why = act.http.tell { host = "tickets", path = "new", json = { token = secret "ticket-token" } }
return told or why]],
    test = [[
t.on("http.tell", { status = 201 })
t.run(alert)
t.did("http.tell", { host = "tickets" })]],
  },
  ["ip.is_in"] = {
    takes = { "address", "a text", "networks", "a network (`192.0.2.0/24`, an address, or `FROM-TO`), or a list of up to 10,000" },
    gives = "`true` or `false`",
    refuses = NO_ADDRESS,
    raises = "a network that is none",
    values = { 'ip.is_in("192.0.2.7", "192.0.2.0/24")', "true",
      'ip.is_in("2001:db8::7", { "192.0.2.0/24", "2001:db8::/32" })', "true" },
  },
  ["ip.is_private"] = {
    takes = { "address", "a text" }, gives = "`true` or `false`", refuses = NO_ADDRESS, raises = NOT_A_TEXT,
    values = { 'ip.is_private("10.1.2.3")', "true", 'ip.is_private("127.0.0.1")', "true" },
  },
  ["ip.is_public"] = {
    takes = { "address", "a text" }, gives = "`true` or `false`", refuses = NO_ADDRESS, raises = NOT_A_TEXT,
    values = { 'ip.is_public("10.1.2.3")', "false" },
  },
  ["ip.is_reserved"] = {
    takes = { "address", "a text" }, gives = "`true` or `false`", refuses = NO_ADDRESS, raises = NOT_A_TEXT,
    values = { 'ip.is_reserved("255.255.255.255")', "true" },
  },
  ["ip.parse"] = {
    takes = { "address", "a text" }, gives = "the address in its one form; an IPv4 one inside IPv6 is that IPv4 one",
    refuses = NO_ADDRESS, raises = NOT_A_TEXT,
    values = { 'ip.parse("::ffff:192.0.2.1")', '"192.0.2.1"', 'ip.parse("2001:DB8:0::1")', '"2001:db8::1"', 'ip.parse("here")', "nil" },
  },
  ["ip.version"] = {
    takes = { "address", "a text" }, gives = "4 or 6", refuses = NO_ADDRESS, raises = NOT_A_TEXT,
    values = { 'ip.version("192.0.2.1")', "4", 'ip.version("2001:db8::1")', "6" },
  },
  ["json.parse"] = {
    takes = { "text", "up to 1 MiB" }, gives = "the value, see [Data](playbook.md#data); null is `null`",
    refuses = "it is no JSON", raises = NOT_A_TEXT,
    values = { [[json.parse('{"a":[1,2]}').a[2] ]], "2", 'json.parse("{")', "nil" },
  },
  ["json.text"] = {
    takes = { "value", "plain data" }, gives = "JSON, members in the order of their names",
    raises = "values that are no plain data, with the place; more than 1 MiB",
    values = { "json.text { b = 1, a = { 2, 3 } }", [['{"a":[2,3],"b":1}']] },
  },
  ["text.cut"] = {
    takes = { "text", "up to 1 MiB", "bytes", "from 3" }, gives = "at most so many bytes, no half character",
    raises = LARGE .. ", a size that is none",
    values = { 'text.cut("a long title", 8)', '"a lon…"', 'text.cut("short", 8)', '"short"' },
  },
  ["text.defang"] = {
    takes = { "text", "up to 1 MiB" }, gives = "a text in which nothing can be clicked", raises = LARGE,
    values = { 'text.defang("see https://evil.example/x")', '"see hxxps[:]//evil[.]example/x"' },
  },
  ["text.indicators"] = {
    takes = { "text", "up to 1 MiB" },
    gives = "`ips`, `urls`, `domains`, `mails` and `hashes`: lists without repetitions, 10,000 in all at most; what is taken " ..
      "apart is found too",
    raises = LARGE,
    values = { 'text.indicators("from 192.0.2.7, then 198.51.100.1 and 192.0.2.7").ips', '{ "192.0.2.7", "198.51.100.1" }',
      'text.indicators("hxxps[:]//evil[.]example/x").urls', '{ "https://evil.example/x" }' },
  },
  ["text.refang"] = {
    takes = { "text", "up to 1 MiB" }, gives = "the text as it was before it was taken apart", raises = LARGE,
    values = { 'text.refang("hxxps[:]//evil[.]example/x")', '"https://evil.example/x"' },
  },
  ["text.split"] = {
    takes = { "text", "up to 1 MiB", "between", "1 to 64 bytes, taken as they are: no pattern" },
    gives = "a list of the pieces, up to 10,000", raises = LARGE .. ", more pieces",
    values = { 'text.split("a,b,,c", ",")', '{ "a", "b", "", "c" }' },
  },
  ["text.strip"] = {
    takes = { "text", "up to 1 MiB" }, gives = "the text without them", raises = LARGE,
    values = { 'text.strip("  an invoice \\n")', '"an invoice"' },
  },
  ["time.duration"] = {
    takes = { "text", "a number and a unit: `ms`, `s`, `m`, `h`, `d`, `w`" }, gives = "seconds, with a fraction where there is one",
    refuses = "it is no duration", raises = NOT_A_TEXT,
    values = { 'time.duration("30m")', "1800", 'time.duration("soon")', "nil" },
  },
  ["time.parse"] = {
    takes = { "text", "RFC 3339, with a zone" }, gives = "seconds since 1970", refuses = "it is no such time", raises = NOT_A_TEXT,
    values = { 'time.parse("2026-11-22T10:00:00+09:00")', "1795309200", 'time.parse("yesterday")', "nil" },
  },
  ["time.parts"] = {
    takes = { "seconds", "since 1970", "zone", "such as `\"+09:00\"`; left out: UTC" },
    gives = "`year`, `month`, `day`, `hour`, `minute`, `second`, and `weekday` (`\"mon\"` …)",
    raises = "a time that is not in the years 1970 to 9999, a zone that is none",
    values = { 'time.parts(1795309200, "+09:00").hour', "10", "time.parts(1795309200).weekday", '"sun"' },
  },
  ["time.span"] = {
    takes = { "seconds", "up to a hundred years" }, gives = "a text with the two largest units", raises = "more than that",
    values = { "time.span(93600)", '"1d 2h"' },
  },
  ["time.text"] = {
    takes = { "seconds", "since 1970", "zone", "such as `\"+09:00\"`; left out: UTC" }, gives = "RFC 3339",
    raises = "a time that is not in the years 1970 to 9999, a zone that is none",
    values = { "time.text(1795309200)", '"2026-11-22T01:00:00Z"', 'time.text(1795309200, "+09:00")', '"2026-11-22T10:00:00+09:00"' },
  },
}
