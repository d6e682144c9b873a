-- limit
-- an array without end
return playbook {
  name = "table-array",
  run = function(alert)
    local t = {}
    pcall(function() for i = 1, math.huge do t[i] = i end end)
    t = nil
    act.p.survived {}
  end,
}
