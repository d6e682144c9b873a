-- limit
-- a number of a million digits
return playbook {
  name = "digits-as-number",
  run = function(alert)
    local n = ('9'):rep(1000000)
    while true do tonumber(n) tonumber(n, 10) end
    act.p.survived {}
  end,
}
