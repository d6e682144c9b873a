-- limit
-- each call in a pcall of its own, for ever
return playbook {
  name = "recursion-pcall",
  run = function(alert)
    local function f() return pcall(f), pcall(f) end
    while true do f() end
    act.p.survived {}
  end,
}
