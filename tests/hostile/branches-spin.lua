-- limit
-- a branch that never waits
return playbook {
  name = "branches-spin",
  run = function(alert)
    return together { a = function() wait '1h' end, b = function() while true do end end }
  end,
}
