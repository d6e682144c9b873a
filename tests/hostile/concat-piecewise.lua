-- limit
-- a quadratic concatenation
return playbook {
  name = "concat-piecewise",
  run = function(alert)
    local s = ('x'):rep(100000)
    while true do s = s .. 'y' end
    act.p.survived {}
  end,
}
