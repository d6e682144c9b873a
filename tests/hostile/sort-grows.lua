-- limit
-- a comparator that makes the table longer
return playbook {
  name = "sort-grows",
  run = function(alert)
    local t = {}
    for i = 1, 1000 do t[i] = i end
    while true do table.sort(t, function(a, b) t[#t + 1] = a return a < b end) end
    act.p.survived {}
  end,
}
