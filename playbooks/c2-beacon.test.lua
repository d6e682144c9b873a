-- Tests of c2-beacon.lua

local alert = {
  title = "Beacon to gate.evil.example", category = "network", severity = "high", technique = { "T1071.001" },
  src = { ip = "10.0.0.5" }, dst = { ip = "198.51.100.7", host = "gate.evil.example" }, device = { host = "fin-pc-12" },
}

local function looked(fields)
  local found = { count = { bad = 0, good = 0, disputed = 0, unknown = 0, failed = 0 }, text = "what is known" }
  for word, set in pairs(fields) do
    found[word] = set
    for _, list in pairs(set) do
      found.count[word] = found.count[word] + #list
    end
  end
  return found
end

local function begin(t, found)
  t.on("call enrich-indicators", found)
  t.on("call open-case", { case = "ca-1" })
  t.on("call close-case", { verdict = "true_positive" })
  t.on("call notify-and-escalate", { taken = true })
  t.on("call block-indicators", { count = { blocked = 2, not_blocked = 0, skipped = 0 }, text = "all blocked" })
end

test("what is bad or unknown is blocked for a day, and people take the machine on", function(t)
  begin(t, looked { bad = { domains = { "gate.evil.example" } }, unknown = { ips = { "198.51.100.7" } } })
  t.run(alert)
  t.did("call enrich-indicators", { ips = { "198.51.100.7" }, domains = { "gate.evil.example" } })
  t.did("call block-indicators", { ips = { "198.51.100.7" }, domains = { "gate.evil.example" }, expires = "1d",
    because = { t.has "on fin-pc-12", "what is known" } })
  t.did("call notify-and-escalate", { text = t.has "fin-pc-12", answer_within = "30m" })
  t.did("call close-case", { verdict = "true_positive", note = t.has "known to do harm" })
  t.order { "call enrich-indicators", "call open-case", "call block-indicators", "call notify-and-escalate", "call close-case" }
end)

test("what is known to be good asks nobody, when it is all of it", function(t)
  begin(t, looked { good = { ips = { "198.51.100.7" }, domains = { "gate.evil.example" } } })
  t.run(alert)
  t.did_not "call block-indicators"
  t.closed("expected", "what is known")
end)

test("a good address behind a bad name is not blocked", function(t)
  begin(t, looked { good = { ips = { "198.51.100.7" } }, bad = { domains = { "gate.evil.example" } } })
  t.run(alert)
  t.did("call block-indicators", { ips = {}, domains = { "gate.evil.example" } })
end)

test("when people refuse, and nothing is known, there is no verdict", function(t)
  begin(t, looked { unknown = { ips = { "198.51.100.7" } } })
  t.on("call block-indicators", { count = { blocked = 0, not_blocked = 1, skipped = 0 }, text = "198.51.100.7: not blocked, rejected" })
  t.run(alert)
  t.did("call close-case", { verdict = "undetermined", note = t.has "not blocked, rejected" })
end)

test("without its blocks people still hear of it", function(t)
  local gone = t.fails "the tenant has no playbook of that name in force"
  for _, name in ipairs { "enrich-indicators", "open-case", "close-case", "block-indicators", "notify-and-escalate" } do
    t.on("call " .. name, gone)
  end
  t.run(alert)
  t.did("call block-indicators", { ips = { "198.51.100.7" }, domains = { "gate.evil.example" } })
  t.did("escalate", { text = t.has "nothing was blocked" })
  t.closed("undetermined", "nothing was blocked")
end)

test("a name that stands in the title alone is found, taken apart or not", function(t)
  begin(t, looked {})
  t.run { title = "DNS query for gate[.]evil[.]example (C2)", category = "network", src = { ip = "10.0.0.5" } }
  t.did("call enrich-indicators", { ips = {}, domains = { "gate.evil.example" } })
  t.did("call open-case", { title = t.has "10.0.0.5 calls out: DNS query for gate[.]evil[.]example" })
end)

test("an alert that names nothing outside goes to people", function(t)
  t.on("call close-case", { verdict = "undetermined" })
  for _, one in ipairs { {}, { src = { ip = "10.0.0.5" }, dst = { ip = "10.0.0.6" } }, { dst = "odd", url = { 1 }, title = 7 },
                         { dst = { ip = "224.0.0.1" } } } do
    t.run(one)
    t.did("escalate", { text = t.has "does not say where" })
    t.did("call close-case", { verdict = "undetermined" })
    t.did_not "call block-indicators"
  end
end)

test("whatever is too long is cut, not refused", function(t)
  local long = ("é"):rep(15000)
  local one = {
    title = long, message = long, url = "http://" .. long, domain = long, action = long, outcome = long,
    src = { ip = "198.51.100.7", host = long }, dst = { ip = "198.51.100.8", host = long }, device = { host = long, ip = long },
    user = { name = long, mail = long }, file = { path = long, sha256 = long }, mail = { subject = long, from = long, to = long },
  }
  begin(t, looked { unknown = { ips = { "198.51.100.7" } } })
  t.on("call notify-and-escalate", t.fails(long))
  t.on("call block-indicators", { count = { blocked = 0, not_blocked = 1, skipped = 0 }, text = long })
  t.run(one)
  t.did "escalate"
end)

test("it starts by technique", function(t)
  t.starts(alert)
  t.starts { category = "endpoint", technique = { "T1059", "T1573.002" }, severity = "medium" }
  t.does_not_start { category = "network", technique = { "T1595" }, severity = "critical" }
  t.does_not_start { category = "network", technique = { "T1071" }, severity = "low" }
end)
