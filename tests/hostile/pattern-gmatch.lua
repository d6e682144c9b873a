-- limit
-- an iterator that never finds anything
return playbook {
  name = "pattern-gmatch",
  run = function(alert)
    for x in (('a'):rep(30000)):gmatch('.-.-.-b') do end
    act.p.survived {}
  end,
}
