-- error: nested too deeply
-- functions that the parser recurses into
return playbook {
  name = "source-functions",
  run = function(alert)
    @@250:local function f() @@ @@250:end @@
    act.p.survived {}
  end,
}
