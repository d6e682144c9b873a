-- Tests of contain-scanner.lua

local function seen(src, dst)
  return {
    title = "an exploit was tried", product = "suricata", category = "web", severity = "high",
    src = src and { ip = src }, dst = dst and { ip = dst },
  }
end

test("the outside address of the two is blocked", function(t)
  t.on("intel.lookup", { known_good = false, known_bad = false, list = "", lists = {} })
  t.on("contain.block_ip", { listed = true, already = false, entries = 1 })
  for _, case in ipairs {
    { "198.51.100.3", "10.0.0.1", "198.51.100.3" },
    { "192.168.1.3", "2001:db8::1", "2001:db8::1" },
    { "fe80::1", "203.0.113.9", "203.0.113.9" },
    { "100.64.0.1", "198.51.100.3", "198.51.100.3" },
    { "::ffff:198.51.100.3", "10.0.0.1", "198.51.100.3" },
  } do
    t.run(seen(case[1], case[2]))
    t.did("contain.block_ip", { ip = case[3] }, { expires = "4h" })
    t.closed("true_positive", case[3])
  end
end)

test("addresses inside are never blocked", function(t)
  for _, case in ipairs {
    { "10.0.0.1", "172.31.255.1" }, { "fe80::1", "fd00::1" }, { "::ffff:10.0.0.1", "127.0.0.1" }, { nil, nil },
    { "224.0.0.1", "169.254.1.1" },
  } do
    t.run(seen(case[1], case[2]))
    t.order { "note", "close" }
    t.closed "undetermined"
  end
end)

test("an address that is known to be good is left alone", function(t)
  t.on("intel.lookup", { known_good = true, known_bad = false, list = "resolvers", lists = {} })
  t.run(seen "198.51.100.3")
  t.did_not "contain.block_ip"
  t.closed("expected", "is known to be good")
end)

test("an address that lists contradict each other about is for people to decide", function(t)
  t.on("intel.lookup", { known_good = true, known_bad = true, list = "botnets", lists = {} })
  t.on("contain.block_ip", t.rejects "it is the cloud that we use")
  t.run(seen "198.51.100.3")
  t.did("contain.block_ip", { ip = "198.51.100.3" }, { because = { t.any, { known_good = true, known_bad = true } } })
end)

test("odd fields are no addresses", function(t)
  for _, alert in ipairs { { src = "odd", dst = false }, { src = { ip = 7 }, dst = { ip = "nowhere" } }, {} } do
    t.run(alert)
    t.closed("undetermined", "no outside address")
  end
end)

test("a block that is refused is noted", function(t)
  t.on("intel.lookup", t.fails "no list is loaded")
  t.on("contain.block_ip", t.rejects "it is our own scanner")
  t.run(seen "198.51.100.3")
  t.noted "not looked up: no list is loaded"
  t.noted "it is our own scanner"
  t.closed "undetermined"
end)

test("it starts for serious alerts of Suricata", function(t)
  t.starts(seen())
  t.does_not_start { product = "suricata", category = "web", severity = "medium" }
  t.does_not_start { product = "falco", category = "web", severity = "high" }
end)
