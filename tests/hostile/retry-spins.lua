-- limit
-- a try that never ends
return playbook {
  name = "retry-spins",
  run = function(alert)
    return retry(function() while true do end end)
  end,
}
