-- limit
-- a handler that has an answer to the limit
return playbook {
  name = "error-handler-answers",
  run = function(alert)
    return select(2, xpcall(function() while true do end end, function() return 'mine' end))
  end,
}
