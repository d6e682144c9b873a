-- limit
-- texts of NULs, whose comparison takes Lua long
return playbook {
  name = "compare-nul",
  run = function(alert)
    local a = ('\0'):rep(5000000)
    local b = a .. 'x'
    local c
    while true do c = a < b end
    act.p.survived {}
  end,
}
