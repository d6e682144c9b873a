-- limit
-- a number behind megabytes of blanks
return playbook {
  name = "blanks-as-number",
  run = function(alert)
    local n = (' '):rep(6000000) .. '1'
    while true do ('x'):sub(n) end
    act.p.survived {}
  end,
}
