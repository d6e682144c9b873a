-- limit
-- a __tostring that asks itself
return playbook {
  name = "tostring-recursive",
  run = function(alert)
    local t = setmetatable({}, {})
    setmetatable(t, { __tostring = function(x) return tostring(x) end })
    while true do pcall(tostring, t) end
    act.p.survived {}
  end,
}
