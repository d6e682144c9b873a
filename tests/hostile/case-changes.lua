-- limit
-- megabytes made lower and upper
return playbook {
  name = "case-changes",
  run = function(alert)
    local s = ('x'):rep(1e6)
    while true do s:lower() s:upper() s:reverse() end
    act.p.survived {}
  end,
}
