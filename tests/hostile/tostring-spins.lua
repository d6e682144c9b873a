-- limit
-- a __tostring that never returns, caught
return playbook {
  name = "tostring-spins",
  run = function(alert)
    local t = setmetatable({}, { __tostring = function() while true do end end })
    pcall(tostring, t)
    pcall(string.format, '%s', t)
    act.p.survived {}
  end,
}
