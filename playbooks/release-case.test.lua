-- Tests of release-case.lua

local function gave(released, by_hand, not_released, more)
  return { released = released, by_hand = by_hand, not_released = not_released, more = more or false, items = {} }
end

test("a person says so, and all of it is released", function(t)
  t.on("ask", t.after("5m", "release all of it"))
  t.on("release", gave(3, 1, 0))
  t.run({}, { reason = "the owner says that it was planned" })
  t.did("ask", { role = "approver", timeout = "8h", because = { "the owner says that it was planned" } })
  t.did("release", { reason = "the owner says that it was planned" })
  t.noted "released 3, to be undone by hand 1, not released 0"
  t.did_not "escalate"
  t.returned { released = 3, by_hand = 1, not_released = 0 }
end)

test("a no, the other choice and silence release nothing", function(t)
  for _, answer in ipairs { "leave it", t.rejects "not yet", t.expires() } do
    t.on("ask", answer)
    t.run({}, {})
    t.did_not "release"
    t.noted "not released: "
  end
end)

test("what can't be released goes to people", function(t)
  t.on("ask", "release all of it")
  t.on("release", gave(1, 0, 2))
  t.run({}, {})
  t.did("escalate", { text = t.has "2 of what the case contained" })
  t.on("release", t.denies "no-undo: a person has to do it")
  local run = t.run({}, {})
  t.did("escalate", { text = t.has "a person has to do it" })
  t.equal(run.value.released, 0)
end)

test("more than is taken at once is taken in turn, and not for ever", function(t)
  t.on("ask", "release all of it")
  t.on("release", gave(200, 0, 0, true), gave(40, 0, 0))
  t.equal(t.run({}, {}).value.released, 240)
  t.on("release", gave(0, 0, 200, true))
  t.run({}, {})
  t.equal(t.count "release", 1)
end)
