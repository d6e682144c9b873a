-- Tests of enrich-network.lua

local alert = {
  product = "suricata", category = "network", severity = "low",
  src = { ip = "192.0.2.7" }, dst = { ip = "192.0.2.8" },
}

local unknown = { known_good = false, known_bad = false, list = "", lists = {} }

test("both addresses are looked up and noted", function(t)
  t.on("intel.lookup", function(args)
    return args.ip == "192.0.2.7" and { known_good = true, known_bad = false, list = "resolvers",
        lists = { { name = "resolvers" } } }
      or { known_good = false, known_bad = true, list = "scanners", lists = { { name = "scanners" }, { name = "botnets" } } }
  end)
  t.run(alert)
  t.equal(t.count "intel.lookup", 2)
  t.noted "src 192.0.2.7: known good (resolvers)"
  t.noted "dst 192.0.2.8: known bad (scanners, botnets)"
  t.not_closed()
end)

test("what could not be looked up is said", function(t)
  t.on("intel.lookup", t.fails "timed out")
  t.run { src = { ip = "192.0.2.7" } }
  t.noted "src 192.0.2.7: not looked up, timed out"
end)

test("the order in which answers come changes nothing", function(t)
  t.on("intel.lookup", t.after("5s", unknown), unknown)
  t.run(alert)
  t.noted "dst 192.0.2.8: unknown\nsrc 192.0.2.7: unknown"
end)

test("an alert without addresses is noted as that", function(t)
  t.run {}
  t.order { "note" }
  t.run { src = "odd", dst = { ip = { 1 } } }
  t.order { "note" }
  t.noted "names no address"
end)

test("it starts for lesser alerts", function(t)
  t.starts(alert)
  t.does_not_start { product = "suricata", category = "network", severity = "high" }
end)
