-- Tests of phishing-report.lua

local report = {
  title = "Reported by a user", category = "phishing", severity = "low", user = { mail = "clerk-1@corp.example" },
  mail = { subject = "Your parcel", from = "Post <news@parcel.example>", to = "clerk-1@corp.example" },
  body = "Pay at hxxps://pay.parcel[.]example/login?id=7 or ask help@corp.example, see https://www.corp.example/",
}

local function looked(fields)
  local found = { count = { bad = 0, good = 0, disputed = 0, unknown = 0, failed = 0 }, text = "what is known" }
  for _, word in ipairs { "bad", "good", "disputed", "unknown", "failed" } do
    found[word] = fields[word] or {}
    for _, list in pairs(found[word]) do
      found.count[word] = found.count[word] + #list
    end
  end
  return found
end

local function begin(t, found, answer)
  t.on("call enrich-indicators", found)
  t.on("call open-case", { case = "ca-1" })
  t.on("call close-case", { verdict = "true_positive" })
  t.on("call block-indicators", { count = { blocked = 1, not_blocked = 0, skipped = 0 }, text = "blocked" })
  if answer then
    t.on("ask", answer)
  end
end

test("what the mail leads to is looked up, put together again, and without what is ours", function(t)
  begin(t, looked {}, "harmless")
  t.run(report)
  t.did("call enrich-indicators", {
    urls = { "https://pay.parcel.example/login?id=7" }, ips = {}, hashes = {},
    domains = function(names)
      for _, name in ipairs(names) do
        if name:find("corp.example", 1, true) then return false end
      end
      return #names == 2
    end,
  })
end)

test("what is known to be bad is blocked without a question", function(t)
  begin(t, looked { bad = { urls = { "https://pay.parcel.example/login?id=7" }, domains = { "parcel.example" } },
                    unknown = { urls = { "https://other.example/" } } })
  t.run(report)
  t.did_not "ask"
  t.did("call block-indicators", { urls = { "https://pay.parcel.example/login?id=7" }, domains = { "parcel.example" }, expires = "1w" })
  t.did("notify", { text = t.has "Phishing: Your parcel" })
  t.did("call close-case", { verdict = "true_positive", do_now = t.has "block parcel[.]example for mail" })
end)

test("on an analyst's word the links that nobody knows are blocked, not their domains", function(t)
  begin(t, looked { unknown = { urls = { "https://pay.parcel.example/login?id=7" }, domains = { "parcel.example" } } },
    t.after("3h", "phishing"))
  t.run(report)
  t.did("ask", { role = "analyst", timeout = "8h", because = { "what is known" } })
  t.asked "Your parcel (from Post <news@parcel[.]example>, reported by clerk-1@corp[.]example)"
  t.did("call block-indicators", { urls = { "https://pay.parcel.example/login?id=7" }, domains = t.none,
    because = { t.has "an analyst says", t.any, t.any } })
  t.did("call close-case", { verdict = "true_positive" })
end)

test("harmless and unwanted mails are no phishing", function(t)
  for _, said in ipairs { "harmless", "only unwanted" } do
    begin(t, looked {}, said)
    t.run(report)
    t.did_not "call block-indicators"
    t.did("call close-case", { verdict = "false_positive", note = t.has(said), do_now = t.has "Thank" })
  end
end)

test("silence is handed on and blocks nothing", function(t)
  begin(t, looked {}, t.expires())
  t.run(report)
  t.did("escalate", { text = t.has "Nobody said whether a reported mail is phishing: Your parcel" })
  t.did_not "call block-indicators"
  t.did("call close-case", { verdict = "undetermined" })
end)

test("without its blocks an analyst is asked, and hears that nothing was looked up", function(t)
  local gone = t.fails "the tenant has no playbook of that name in force"
  for _, name in ipairs { "enrich-indicators", "open-case", "close-case", "block-indicators" } do
    t.on("call " .. name, gone)
  end
  t.on("ask", "phishing")
  t.run(report)
  t.did("ask", { because = { "not looked up" } })
  t.did("call block-indicators", { urls = { "https://pay.parcel.example/login?id=7" } })
  t.closed("true_positive", "nothing was blocked")
end)

test("what came from a product is read when there is no body", function(t)
  begin(t, looked {}, "harmless")
  for _, raw in ipairs { '{"link":"http://evil.example/a"}', { link = "http://evil.example/a" } } do
    t.run { category = "phishing", raw = raw }
    t.did("call enrich-indicators", { urls = { "http://evil.example/a" } })
  end
end)

test("the console that a product links to is not what the mail leads to", function(t)
  begin(t, looked {}, "harmless")
  t.run { category = "phishing", link = "https://console.mail.example/alerts/7",
          raw = { link = "https://console.mail.example/alerts/7", also = "https://console.mail.example/", bad = "http://evil.example/a" } }
  t.did("call enrich-indicators", { urls = { "http://evil.example/a" }, domains = { "evil.example" } })
end)

test("a mail with a thousand links is cut off, and says so", function(t)
  begin(t, looked {}, "harmless")
  local lines = {}
  for i = 1, 1000 do
    lines[i] = "http://a" .. i .. ".example/"
  end
  local run = t.run { category = "phishing", body = table.concat(lines, " ") }
  t.did("call enrich-indicators", { urls = function(urls) return #urls == 20 end })
  t.did("ask", { because = { t.has "1960 more were left out" } })
  t.equal(run.state, "finished")
end)

test("a report that says nothing is asked about all the same", function(t)
  begin(t, looked {}, t.expires())
  for _, one in ipairs { {}, { mail = "odd", user = 7, body = { 1 }, title = false, raw = 7 } } do
    t.run(one)
    t.did_not "call enrich-indicators"
    t.did("ask", { because = { "it leads nowhere" } })
    t.asked "a mail without a subject (from an unknown sender, reported by somebody)"
  end
end)

test("whatever is too long is cut, not refused", function(t)
  local long = ("é"):rep(15000)
  local one = {
    title = long, message = long, url = "http://" .. long, domain = long, action = long, outcome = long, body = long,
    src = { ip = "198.51.100.7", host = long }, dst = { ip = "198.51.100.8", host = long }, device = { host = long, ip = long },
    user = { name = long, mail = long }, file = { path = long, sha256 = long }, mail = { subject = long, from = long, to = long },
  }
  for _, answer in ipairs { "phishing", t.expires() } do
    begin(t, looked { bad = answer == "phishing" and { urls = { "http://a.example/" } } or {} }, answer)
    t.on("call block-indicators", { count = { blocked = 1, not_blocked = 0, skipped = 0 }, text = long })
    t.run(one)
    t.did "call close-case"
  end
  local urls = {}
  for i = 1, 100 do
    urls[i] = "http://a" .. i .. ".example/" .. ("x"):rep(2000)
  end
  t.run { category = "phishing", body = table.concat(urls, " ") }
  t.did "call enrich-indicators"
end)

test("it starts for each report", function(t)
  t.starts { category = "phishing", severity = "informational" }
  t.starts { category = "phishing" }
  t.does_not_start { category = "mail", severity = "critical" }
end)
