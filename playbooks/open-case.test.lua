-- Tests of open-case.lua

local alert = {
  title = "beacon to http://evil.example/", severity = "high", src = { ip = "10.0.0.5" }, dst = { ip = "198.51.100.7" },
  device = { host = "fin-pc-12", ip = "10.0.0.5" }, user = { name = "clerk-1" }, url = "http://evil.example/gate",
}

test("what the caller says is what people read first", function(t)
  t.on("case", "ca-7")
  t.run(alert, { title = "A beacon", happening = "fin-pc-12 calls out", do_now = "Nothing yet", found = "evil: bad (feed)" })
  t.did("case", {
    title = "A beacon", phase = "identify", happening = "fin-pc-12 calls out", do_now = "Nothing yet",
    scope = "fin-pc-12, 10.0.0.5, clerk-1, 198.51.100.7",
    evidence = { { name = "what the alert says" }, { name = "what the lists say", text = "evil: bad (feed)" } },
  })
  t.returned { case = "ca-7" }
end)

test("the alert's own words can't be clicked", function(t)
  local run = t.run(alert, {})
  local said = run.steps[1].args.evidence[1].text
  t.equal(said:find("http://", 1, true), nil)
  t.equal(said:match "link: [^\n]*", "link: hxxp[:]//evil[.]example/gate")
end)

test("an alert that says nothing opens a case all the same", function(t)
  t.run({}, {})
  t.did("case", { phase = "identify", scope = t.none })
  t.run({ src = "odd", user = { name = { "a" } }, device = false }, { title = 7, scope = "" })
  t.did("case", { title = t.none, scope = t.none })
end)

test("what is too long is cut, not refused", function(t)
  local run = t.run({ title = ("ö"):rep(5000) }, { title = ("t"):rep(1000), happening = ("h"):rep(9000), found = ("f"):rep(9000) })
  t.equal(run.state, "finished")
  t.did("case", { title = function(title) return #title <= 256 end, happening = function(said) return #said <= 4096 end })
end)

test("a case that people have closed is told", function(t)
  t.on("case", t.fails "its case: it is closed")
  t.run(alert, {})
  t.noted "it is closed"
  t.returned { why = "its case: it is closed" }
end)
