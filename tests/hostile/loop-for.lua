-- limit
-- 2^63 rounds
return playbook {
  name = "loop-for",
  run = function(alert)
    for i = 1, math.maxinteger do end
    act.p.survived {}
  end,
}
