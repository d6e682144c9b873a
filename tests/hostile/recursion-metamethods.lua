-- limit
-- __index, __call and __concat that call each other
return playbook {
  name = "recursion-metamethods",
  run = function(alert)
    local mt = {}
    local t = setmetatable({}, mt)
    mt.__index = function(x, k) return x .. k end
    mt.__concat = function(x, k) return x(k) end
    mt.__call = function(x, k) return x[k] end
    setmetatable(t, mt)
    while true do pcall(function() return t.x end) end
    act.p.survived {}
  end,
}
