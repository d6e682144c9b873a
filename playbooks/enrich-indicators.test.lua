-- Tests of enrich-indicators.lua

local function knows(bad, good, ...)
  local lists = {}
  for i, name in ipairs { ... } do
    lists[i] = { name = name, verdict = "note" }
  end
  return { known_bad = bad, known_good = good, list = lists[1] and lists[1].name or "", lists = lists }
end

test("each indicator is looked up once, and comes back under what is known of it", function(t)
  t.on("enrich.lookup", function(args)
    if args.ip == "198.51.100.7" then return knows(true, false, "botnets", "scanners") end
    if args.domain == "cdn.example" then return knows(false, true, "clouds") end
    if args.url then return knows(true, true, "feed", "clouds") end
    return knows(false, false)
  end)
  t.run({}, {
    ips = { "198.51.100.7", "::ffff:198.51.100.7" }, domains = { "cdn.example", "cdn.example" },
    urls = { "https://cdn.example/a" }, hashes = { "d41d8cd98f00b204e9800998ecf8427e" },
  })
  t.equal(t.count "enrich.lookup", 4)
  t.returned {
    bad = { ips = { "198.51.100.7" } }, good = { domains = { "cdn.example" } },
    disputed = { urls = { "https://cdn.example/a" } }, unknown = { hashes = { "d41d8cd98f00b204e9800998ecf8427e" } },
    failed = {}, count = { bad = 1, good = 1, disputed = 1, unknown = 1, failed = 0 }, left_out = 0,
    text = "198.51.100.7: bad (botnets, scanners)\ncdn[.]example: good (clouds)\n"
      .. "hxxps[:]//cdn[.]example/a: disputed (feed, clouds)\nd41d8cd98f00b204e9800998ecf8427e: unknown",
  }
end)

test("a lookup that fails says why and hides nothing else", function(t)
  t.on("enrich.lookup", t.fails "timed out", knows(false, false))
  local run = t.run({}, { ips = { "192.0.2.1", "192.0.2.2" } })
  t.equal(run.value.failed, { ips = { "192.0.2.1" } })
  t.equal(run.value.unknown, { ips = { "192.0.2.2" } })
  t.equal(run.value.text, "192.0.2.1: failed (timed out)\n192.0.2.2: unknown")
end)

test("what is no indicator is counted and not looked up", function(t)
  t.on("enrich.lookup", knows(false, false))
  local run = t.run({}, { ips = { "300.1.1.1", 7, "" }, domains = "a.example", urls = { ("x"):rep(2049) }, more = { 1 } })
  t.did_not "enrich.lookup"
  t.equal(run.value.left_out, 4)
  t.equal(run.value.text, "4 more were not looked up")
end)

test("nothing to look up is no failure", function(t)
  t.equal(t.run({}, {}).value.text, "there was nothing to look up")
end)

test("a flood is cut off and told", function(t)
  t.on("enrich.lookup", knows(false, false))
  local ips = {}
  for i = 1, 250 do
    ips[i] = "192.0.2." .. i
  end
  local run = t.run({}, { ips = ips })
  t.equal(t.count "enrich.lookup", 200)
  t.equal(run.value.left_out, 50)
end)

test("no alert starts it", function(t)
  t.does_not_start { category = "network", severity = "critical" }
end)
