-- limit
-- handlers in handlers
return playbook {
  name = "error-handler-recursive",
  run = function(alert)
    local function handler() return xpcall(error, handler) end
    while true do xpcall(error, handler) end
    act.p.survived {}
  end,
}
