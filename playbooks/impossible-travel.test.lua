-- Tests of impossible-travel.lua

local alert = {
  title = "Impossible travel", category = "identity", severity = "high", time = "2026-01-01T08:00:00Z",
  src = { ip = "198.51.100.7" }, user = { name = "clerk-1" },
}

local function counted(fields)
  local count = { bad = 0, good = 0, disputed = 0, unknown = 0, failed = 0 }
  for name, number in pairs(fields) do
    count[name] = number
  end
  return { count = count, text = "198.51.100.7: looked up" }
end

local function begin(t, answer)
  t.on("call enrich-indicators", counted { unknown = 1 })
  t.on("call open-case", { case = "ca-1" })
  t.on("call close-case", { verdict = "expected" })
  t.on("call find-manager", { to = "manager-1", known = true })
  t.on("call block-indicators", { count = { blocked = 1, not_blocked = 0, skipped = 0 }, text = "198.51.100.7: blocked for 1d" })
  t.on("ask", answer)
end

test("the user's manager is asked, and a yes is expected", function(t)
  begin(t, t.after("20m", "it was them"))
  t.run(alert)
  t.did("call find-manager", { user = "clerk-1" })
  t.did("ask", { to = "manager-1", role = "analyst", timeout = "2h", choices = { "it was them", "it was not them", "can't tell" } })
  t.asked "Did clerk-1 log in from 198.51.100.7 at 2026-01-01T08:00:00Z?"
  t.did("call close-case", { verdict = "expected" })
  t.did_not "call block-indicators"
  t.did_not "escalate"
end)

test("a no blocks the address and has people lock the account", function(t)
  begin(t, "it was not them")
  t.run(alert)
  t.did("call block-indicators", { ips = { "198.51.100.7" }, expires = "1d", because = { "asked: it was not clerk-1" , t.any } })
  t.did("escalate", { text = t.has "Lock the account clerk-1" })
  t.did("call close-case", { verdict = "true_positive", do_now = t.has "end its sessions" })
end)

test("silence and not knowing are as careful, but no verdict", function(t)
  for _, answer in ipairs { "can't tell", t.expires(), t.rejects "not mine" } do
    begin(t, answer)
    t.run(alert)
    t.did("call block-indicators", { ips = { "198.51.100.7" } })
    t.did("escalate", { text = t.has "Lock the account" })
    t.did("call close-case", { verdict = "undetermined" })
  end
end)

test("an address of our own asks nobody", function(t)
  begin(t, "it was them")
  t.on("call enrich-indicators", counted { good = 1 })
  t.run(alert)
  t.did_not "ask"
  t.closed("expected", "known address")
end)

test("a block that people refuse is told to those who go on", function(t)
  begin(t, "it was not them")
  t.on("call block-indicators", { count = { blocked = 0, not_blocked = 1, skipped = 0 }, text = "198.51.100.7: not blocked, rejected" })
  t.run(alert)
  t.did("escalate", { text = t.has "198.51.100.7 is not blocked" })
  t.did("call close-case", { verdict = "true_positive", note = t.has "not blocked, rejected" })
end)

test("without its blocks it goes on by itself", function(t)
  local gone = t.fails 'the tenant has no playbook of that name in force'
  for _, name in ipairs { "enrich-indicators", "open-case", "close-case", "find-manager", "block-indicators" } do
    t.on("call " .. name, gone)
  end
  t.on("ask", "it was them")
  t.run(alert)
  t.did("ask", { to = "managers", because = { t.any, "not looked up", t.any } })
  t.closed("expected", "it was clerk-1")
  t.on("ask", "it was not them")
  t.run(alert)
  t.closed("undetermined", "it was not clerk-1")
end)

test("an alert without a user asks nobody; one without an address, or with odd fields, is asked about all the same", function(t)
  begin(t, "it was not them")
  t.run { title = "Impossible travel", category = "identity", src = { ip = "198.51.100.7" } }
  t.did_not "ask"
  t.closed("undetermined", "no user")
  for _, src in ipairs { false, "odd", { ip = "nowhere" }, { ip = 7 } } do
    t.run { title = "Impossible travel", category = "identity", user = { mail = "clerk-1@corp.example" }, src = src }
    t.asked "clerk-1"
    t.did("call block-indicators", { ips = {} })
  end
end)

test("whatever is too long is cut, not refused", function(t)
  local long = ("é"):rep(15000)
  local one = {
    title = long, message = long, url = "http://" .. long, domain = long, action = long, outcome = long,
    src = { ip = "198.51.100.7", host = long }, dst = { ip = "198.51.100.8", host = long }, device = { host = long, ip = long },
    user = { name = long, mail = long }, file = { path = long, sha256 = long }, mail = { subject = long, from = long, to = long },
  }
  begin(t, "it was not them")
  t.on("call block-indicators", { count = { blocked = 0, not_blocked = 1, skipped = 0 }, text = long })
  t.run(one)
  t.did "escalate"
end)

test("it starts by what products call it, or by technique", function(t)
  t.starts(alert)
  t.starts { category = "cloud", technique = { "T1078.004" }, severity = "medium" }
  t.does_not_start { category = "cloud", technique = { "T1078.004" }, severity = "low" }
  t.does_not_start { category = "identity", severity = "critical", title = "Password changed" }
end)
