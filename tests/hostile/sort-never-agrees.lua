-- limit
-- a comparator that says yes to everything
return playbook {
  name = "sort-never-agrees",
  run = function(alert)
    local t = {}
    for i = 1, 1000 do t[i] = i end
    while true do pcall(table.sort, t, function() return true end) end
    act.p.survived {}
  end,
}
