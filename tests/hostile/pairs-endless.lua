-- limit
-- an iterator of its own that never ends
return playbook {
  name = "pairs-endless",
  run = function(alert)
    local t = setmetatable({}, { __pairs = function() return function() return 1 end end })
    for k in pairs(t) do end
    act.p.survived {}
  end,
}
