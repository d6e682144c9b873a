-- limit
-- the limit caught again and again
return playbook {
  name = "pcall-in-loop",
  run = function(alert)
    while true do pcall(function() while true do end end) end
    act.p.survived {}
  end,
}
