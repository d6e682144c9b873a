-- limit
-- a handler that raises in turn
return playbook {
  name = "error-handler-fails",
  run = function(alert)
    while true do xpcall(error, function(e) error(e) end, 'x') end
    act.p.survived {}
  end,
}
