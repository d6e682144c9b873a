-- limit
-- a loop that does nothing
return playbook {
  name = "loop-while",
  run = function(alert)
    while true do end
    act.p.survived {}
  end,
}
