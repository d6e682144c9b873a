-- limit
-- a comparator that never returns
return playbook {
  name = "sort-spins",
  run = function(alert)
    pcall(table.sort, { 3, 2, 1 }, function() while true do end end)
    act.p.survived {}
  end,
}
