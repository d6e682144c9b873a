-- error: too many local variables
-- more locals than a function may have
return playbook {
  name = "source-locals",
  run = function(alert)
    @@300:local a @@
    act.p.survived {}
  end,
}
