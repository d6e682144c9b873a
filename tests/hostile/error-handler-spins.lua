-- limit
-- a handler that never returns
return playbook {
  name = "error-handler-spins",
  run = function(alert)
    xpcall(error, function() while true do end end)
    act.p.survived {}
  end,
}
