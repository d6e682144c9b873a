-- Tests of close-case.lua

test("the case says how it ended before the alert is closed", function(t)
  t.run({}, { verdict = "true_positive", note = "198.51.100.7 is blocked", do_now = "Reinstall fin-pc-12" })
  t.order { "case", "close" }
  t.did("case", { phase = "learn", happening = "198.51.100.7 is blocked", do_now = "Reinstall fin-pc-12" })
  t.closed("true_positive", "198.51.100.7 is blocked")
  t.returned { verdict = "true_positive", note = "198.51.100.7 is blocked" }
end)

test("what is undetermined stays where people find it", function(t)
  t.run({}, { verdict = "undetermined", note = "no answer" })
  t.did("case", { phase = t.none, do_now = t.has "no verdict" })
  t.closed("undetermined", "no answer")
end)

test("a verdict that is none is undetermined", function(t)
  for _, verdict in ipairs { "bad", "", 7 } do
    t.run({}, { verdict = verdict })
    t.closed("undetermined", "no note")
  end
  t.run({}, {})
  t.closed "undetermined"
end)

test("a case that people have closed does not keep the alert open", function(t)
  t.on("case", t.fails "its case: it is closed")
  t.run({}, { verdict = "expected", note = "our own scanner" })
  t.noted "it is closed"
  t.closed("expected", "our own scanner")
end)

test("a long note is cut, not refused", function(t)
  t.run({}, { verdict = "expected", note = ("n"):rep(9000) })
  t.closed("expected", "nnn…")
end)
