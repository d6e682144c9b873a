-- Tests of data-going-out.lua

local alert = {
  title = "Large upload", category = "data", severity = "high", src = { ip = "10.0.0.5" }, dst = { ip = "198.51.100.7" },
  url = "https://share.example/upload", device = { host = "fin-pc-12" }, user = { name = "clerk-1" },
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

local function begin(t, found, answer)
  t.on("call enrich-indicators", found)
  t.on("call open-case", { case = "ca-1" })
  t.on("call close-case", { verdict = "true_positive" })
  t.on("call release-case", { released = 1 })
  t.on("call find-manager", { to = "manager-1", known = true })
  t.on("call block-indicators", { count = { blocked = 1, not_blocked = 0, skipped = 0 }, text = "blocked" })
  t.on("ask", answer)
end

local function with(fields)
  local copy = {}
  for _, from in ipairs { alert, fields } do
    for name, value in pairs(from) do
      copy[name] = value
    end
  end
  return copy
end

local unknown = looked { unknown = { ips = { "198.51.100.7" }, domains = { "share.example" } } }

test("what is planned is expected, and nothing is blocked", function(t)
  begin(t, unknown, t.after("30m", "it is planned"))
  t.run(alert)
  t.did("call enrich-indicators", { ips = { "198.51.100.7" }, domains = { "share.example" }, urls = { "https://share.example/upload" } })
  t.did("ask", { to = "manager-1", timeout = "2h" })
  t.asked "clerk-1 on fin-pc-12 sends data to hxxps[:]//share[.]example/upload"
  t.did_not "call block-indicators"
  t.did("call close-case", { verdict = "expected" })
end)

test("what is not planned is blocked and handed on", function(t)
  begin(t, unknown, "it is not planned")
  t.run(alert)
  t.did("call block-indicators", { ips = { "198.51.100.7" }, domains = { "share.example" }, urls = {}, expires = "1d",
    because = { "asked: it is not planned", t.any, "what is known" } })
  t.did("escalate", { text = t.has "RA2110" })
  t.did("call close-case", { verdict = "true_positive" })
end)

test("silence blocks too, without a verdict", function(t)
  for _, answer in ipairs { t.expires(), "can't tell", t.rejects "no idea" } do
    begin(t, unknown, answer)
    t.run(alert)
    t.did "call block-indicators"
    t.did("call close-case", { verdict = "undetermined" })
  end
end)

test("what is critical is blocked at once, and released when it turns out to be planned", function(t)
  begin(t, unknown, t.after("1h", "it is planned"))
  t.run(with { severity = "critical" })
  t.did("call block-indicators", { because = { "it is critical", t.any, t.any } })
  t.equal(t.count "call block-indicators", 1)
  t.did("call release-case", { reason = t.has "it is planned" })
  t.did("call close-case", { verdict = "expected" })
end)

test("what people refused to block needs no release", function(t)
  begin(t, unknown, "it is planned")
  t.on("call block-indicators", { count = { blocked = 0, not_blocked = 1, skipped = 0 }, text = "not blocked" })
  t.run(with { severity = "critical" })
  t.did_not "call release-case"
end)

test("a plan does not excuse what is known to do harm", function(t)
  begin(t, looked { bad = { domains = { "share.example" } }, good = { ips = { "198.51.100.7" } } }, "it is planned")
  t.run(alert)
  t.did("call block-indicators", { ips = {}, domains = { "share.example" } })
  t.did_not "call release-case"
  t.did("escalate", { text = t.has "but where it goes is known to do harm" })
  t.did("call close-case", { verdict = "true_positive" })
end)

test("without its blocks people are asked and hear of it", function(t)
  local gone = t.fails "the tenant has no playbook of that name in force"
  for _, name in ipairs { "enrich-indicators", "open-case", "close-case", "block-indicators", "find-manager", "release-case" } do
    t.on("call " .. name, gone)
  end
  for _, severity in ipairs { "high", "critical" } do
    t.on("ask", "it is not planned")
    t.run(with { severity = severity })
    t.did("ask", { to = "managers", because = { t.any, "not looked up" } })
    t.did("escalate", { text = t.has "nothing was blocked" })
    t.closed("undetermined", "not planned")
  end
end)

test("an alert that says next to nothing, or odd things, is asked about all the same", function(t)
  for _, one in ipairs { {}, { dst = "odd", user = { name = { 1 } }, url = 7, severity = 9 }, { dst = { ip = "10.0.0.1" } } } do
    begin(t, looked {}, t.expires())
    t.run(one)
    t.asked "somebody on "
    t.did("call block-indicators", { ips = {}, domains = {}, urls = {} })
  end
end)

test("whatever is too long is cut, not refused", function(t)
  local long = ("é"):rep(15000)
  local one = {
    title = long, message = long, url = "http://" .. long, domain = long, action = long, outcome = long,
    src = { ip = "198.51.100.7", host = long }, dst = { ip = "198.51.100.8", host = long }, device = { host = long, ip = long },
    user = { name = long, mail = long }, file = { path = long, sha256 = long }, mail = { subject = long, from = long, to = long },
  }
  begin(t, looked { unknown = { ips = { "198.51.100.8" } } }, t.expires())
  t.on("call block-indicators", { count = { blocked = 0, not_blocked = 1, skipped = 0 }, text = long })
  t.run(one)
  t.did "escalate"
end)

test("it starts for data, and by technique", function(t)
  t.starts(alert)
  t.starts { category = "network", technique = { "T1048.003" }, severity = "medium" }
  t.does_not_start { category = "data", severity = "low" }
  t.does_not_start { category = "network", technique = { "T1071" }, severity = "high" }
end)
