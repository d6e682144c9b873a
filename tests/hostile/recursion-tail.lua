-- limit
-- calls that need no stack
return playbook {
  name = "recursion-tail",
  run = function(alert)
    local function f() return f() end
    return pcall(f)
  end,
}
