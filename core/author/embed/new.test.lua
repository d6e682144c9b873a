-- Tests of NAME.lua: hikeshi playbook test NAME.lua

local alert = { title = "many ports were tried", category = "network", severity = "high", src = { ip = "192.0.2.7" } }
local nothing_known = { known_good = false, known_bad = false, list = "", lists = {} }

test("it blocks when a person says so", function(t)
  t.on("intel.lookup", nothing_known)
  t.on("ask", t.after("10m", "yes"))
  t.on("contain.block_ip", { listed = true, already = false, entries = 1 })
  t.run(alert)
  t.asked "192.0.2.7"
  t.did("contain.block_ip", { ip = "192.0.2.7" }, { expires = "4h" })
  t.closed "true_positive"
end)

test("it blocks nothing when a person says no, or nobody answers", function(t)
  t.on("intel.lookup", t.fails "timed out")
  for _, answer in ipairs { "no", t.expires() } do
    t.on("ask", answer)
    t.run(alert)
    t.did_not "contain.block_ip"
    t.noted "not looked up: timed out"
    t.closed "undetermined"
  end
end)

test("a block that the rules forbid is told", function(t)
  t.on("intel.lookup", nothing_known)
  t.on("ask", "yes")
  t.on("contain.block_ip", t.denies "protected: the gateway")
  t.run(alert)
  t.closed("undetermined", "not blocked: denied by protected: the gateway")
end)

test("what is known to be good is left alone, and nobody is asked", function(t)
  t.on("intel.lookup", { known_good = true, known_bad = false, list = "resolvers", lists = {} })
  t.run(alert)
  t.order { "intel.lookup", "close" }
  t.closed "expected"
end)

test("an alert without a source asks nobody", function(t)
  t.run { title = "many ports were tried" }
  t.order { "close" }
end)

test("it starts for serious network alerts", function(t)
  t.starts(alert)
  t.does_not_start { category = "network", severity = "low" }
end)
