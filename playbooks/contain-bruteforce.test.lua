-- Tests of contain-bruteforce.lua: hikeshi playbook test playbooks/contain-bruteforce.lua

local guessing = {
  title = "guessed passwords", category = "authentication", severity = "critical", src = { ip = "192.0.2.7" },
}

local unknown = { known_good = false, known_bad = false, list = "", lists = {} }
local listed = { listed = true, already = false, entries = 1 }

test("a source that no list knows is blocked for four hours", function(t)
  t.on("intel.lookup", unknown)
  t.on("contain.block_ip", listed)
  t.run(guessing)
  t.did("intel.lookup", { ip = "192.0.2.7" })
  t.did("contain.block_ip", { ip = "192.0.2.7" }, { expires = "4h" })
  t.closed("true_positive", "192.0.2.7 is blocked for four hours")
  t.order { "intel.lookup", "contain.block_ip", "close" }
end)

test("people see what was found before they decide", function(t)
  t.on("intel.lookup", {
    known_good = false, known_bad = true, list = "scanners", lists = { { name = "scanners", verdict = "bad" } },
  })
  t.on("contain.block_ip", t.after("20m", listed))
  t.run(guessing)
  t.did("contain.block_ip", nil, { because = { "guessed passwords", { known_bad = true } } })
end)

test("a source that is known to be good is left alone", function(t)
  t.on("intel.lookup", {
    known_good = true, known_bad = false, list = "resolvers", lists = { { name = "resolvers", verdict = "good" } },
  })
  t.run(guessing)
  t.did_not "contain.block_ip"
  t.closed("expected", "resolvers")
end)

test("without a lookup it is blocked all the same", function(t)
  t.on("intel.lookup", t.fails "timed out")
  t.on("contain.block_ip", listed)
  t.run(guessing)
  t.noted "not looked up: timed out"
  t.did("contain.block_ip", nil, { because = { t.any, "not looked up" } })
  t.closed "true_positive"
end)

test("a no, a denial and silence are all told", function(t)
  for _, answer in ipairs { t.rejects "it is ours", t.denies "rule 2: the office", t.expires() } do
    t.on("intel.lookup", unknown)
    t.on("contain.block_ip", answer)
    t.run(guessing)
    t.noted "not blocked: "
    t.closed("undetermined", "not blocked: ")
  end
end)

test("a block of which nobody knows whether it was done holds the run up", function(t)
  t.on("intel.lookup", unknown)
  t.on("contain.block_ip", t.unknown())
  t.run(guessing)
  t.held()
  t.not_closed()
end)

test("an alert without a source asks nobody", function(t)
  for _, src in ipairs { false, "odd", {}, { ip = "nowhere" }, { ip = 7 } } do
    t.run { title = "guessed passwords", category = "authentication", severity = "critical", src = src }
    t.order { "note", "close" }
    t.closed("undetermined", "no source address")
  end
end)

test("a source that lists contradict each other about is for people to decide", function(t)
  t.on("intel.lookup", { known_good = true, known_bad = true, list = "botnets", lists = { { name = "botnets" }, { name = "clouds" } } })
  t.on("contain.block_ip", t.rejects "it is the cloud that we use")
  t.run(guessing)
  t.did("contain.block_ip", nil, { because = { t.any, t.any, t.has "botnets, clouds" } })
  t.closed "undetermined"
end)

test("people see that a source is inside", function(t)
  t.on("intel.lookup", unknown)
  t.on("contain.block_ip", listed)
  t.run { title = "guessed passwords", src = { ip = "10.0.0.5" } }
  t.did("contain.block_ip", nil, { because = { t.any, t.any, t.has "an address inside" } })
end)

test("a guess that was right is handed on, whatever becomes of the block", function(t)
  t.on("intel.lookup", unknown)
  for _, answer in ipairs { listed, t.rejects "no" } do
    t.on("contain.block_ip", answer)
    t.run { title = "guessed", src = { ip = "192.0.2.7" }, outcome = "Success", user = { name = "clerk-1" } }
    t.did("escalate", { text = t.has "A password of clerk-1 was guessed from 192.0.2.7" })
  end
  t.run { title = "guessed", src = { ip = "192.0.2.7" }, outcome = "failure" }
  t.did_not "escalate"
end)

test("it starts for serious authentication alerts only", function(t)
  t.starts(guessing)
  t.does_not_start { category = "authentication", severity = "medium" }
  t.does_not_start { category = "network", severity = "critical" }
end)
