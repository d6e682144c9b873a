-- limit
-- names without end
return playbook {
  name = "table-names",
  run = function(alert)
    local t = {}
    for i = 1, math.huge do t['k' .. i] = {} end
    act.p.survived {}
  end,
}
