-- limit
-- texts of megabytes as keys, each hashed
return playbook {
  name = "long-keys",
  run = function(alert)
    local t, s = {}, ('x'):rep(4000000)
    for i = 1, math.huge do t[1] = (t[s .. i]) end
    act.p.survived {}
  end,
}
