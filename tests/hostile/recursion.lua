-- limit
-- a function that waits for itself
return playbook {
  name = "recursion",
  run = function(alert)
    local function f(n) return 1 + f(n + 1) end
    return pcall(f, 1)
  end,
}
