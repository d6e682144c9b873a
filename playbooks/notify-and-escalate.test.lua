-- Tests of notify-and-escalate.lua

test("who takes it on ends it", function(t)
  t.on("ask", t.after("10m", "I take it"))
  t.run({}, { text = "fin-pc-12 calls out", to = "tier1" })
  t.did("notify", { to = "tier1", text = "fin-pc-12 calls out" })
  t.asked "fin-pc-12 calls out"
  t.did_not "escalate"
  t.returned { told = true, taken = true, escalated = false }
end)

test("silence and a no are handed on", function(t)
  for _, answer in ipairs { t.expires(), t.rejects "not mine" } do
    t.on("ask", answer)
    t.run({}, { text = "fin-pc-12 calls out", to = "tier1", escalate_to = "tier2", answer_within = "15m" })
    t.did("ask", { timeout = "15m", role = "analyst" })
    t.did("escalate", { to = "tier2", text = t.has "within 15m. fin-pc-12 calls out" })
    t.equal(t.count "escalate", 1)
  end
end)

test("a name that nobody has is noted, and the first level hears instead", function(t)
  t.on("notify", t.fails "there is no contact and no level \"tier9\"", true)
  t.on("ask", "I take it")
  t.run({}, { text = "look", to = "tier9" })
  t.noted "tier9"
  t.equal(t.count "notify", 2)
  t.returned { told = true, taken = true, escalated = false }
end)

test("a tenant without contacts is asked on the pages all the same", function(t)
  t.on("notify", t.fails "the tenant has no contacts")
  t.on("escalate", t.fails "the tenant has no contacts")
  t.on("ask", t.expires())
  t.run({ title = "an alert" }, { answer_within = "never" })
  t.noted "nobody was told: the tenant has no contacts"
  t.noted "not handed on: the tenant has no contacts"
  t.did("ask", { timeout = "30m" })
  t.returned { told = false, taken = false, escalated = false, why = t.has "expired" }
end)

test("what a caller hands over by mistake is no failure", function(t)
  t.on("ask", t.expires())
  t.run({ title = { 1 } }, { text = 7, to = { "tier1" }, question = {}, role = 1, escalate_to = false, answer_within = {} })
  t.did("notify", { text = "an alert without a title", to = t.none })
  t.did("ask", { role = "analyst", question = t.has "Who takes this on?" })
  t.did("escalate", { to = t.none })
end)

test("a long text is cut to what people can be told", function(t)
  t.on("ask", "I take it")
  t.run({}, { text = ("w"):rep(20000) })
  t.did("notify", { text = function(text) return #text <= 4000 end })
end)
