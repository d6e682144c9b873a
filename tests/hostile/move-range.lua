-- limit
-- a move of 10^15 places
return playbook {
  name = "move-range",
  run = function(alert)
    return pcall(table.move, {}, 1, 1e15, 2)
  end,
}
