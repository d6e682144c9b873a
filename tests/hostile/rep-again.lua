-- limit
-- most of the memory, made again and again
return playbook {
  name = "rep-again",
  run = function(alert)
    while true do pcall(string.rep, 'x', 7000000) end
    act.p.survived {}
  end,
}
