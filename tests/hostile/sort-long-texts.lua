-- limit
-- a sort whose comparisons look at megabytes
return playbook {
  name = "sort-long-texts",
  run = function(alert)
    local a = ('\0'):rep(5000000)
    local b, t = a .. 'x', {}
    for i = 1, 20000 do t[i] = i % 2 == 0 and a or b end
    pcall(table.sort, t)
    act.p.survived {}
  end,
}
