-- limit
-- an item that never ends
return playbook {
  name = "each-spins",
  run = function(alert)
    return each({ 1, 2, 3 }, function() while true do end end)
  end,
}
