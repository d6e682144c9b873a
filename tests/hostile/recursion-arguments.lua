-- limit
-- one argument more at each call
return playbook {
  name = "recursion-arguments",
  run = function(alert)
    local function f(...) return f(1, ...) end
    return pcall(f)
  end,
}
