-- error: __gc is not available
-- a finaliser
return playbook {
  name = "gc",
  run = function(alert)
    setmetatable({}, { __gc = function() while true do end end })
    act.p.survived {}
  end,
}
