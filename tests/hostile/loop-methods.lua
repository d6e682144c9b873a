-- limit
-- metamethods in each round
return playbook {
  name = "loop-methods",
  run = function(alert)
    local t = setmetatable({}, { __index = function(_, k) return k end, __newindex = function() end })
    while true do t.x = t.y end
    act.p.survived {}
  end,
}
