-- limit
-- every byte as a value, again and again
return playbook {
  name = "byte-many",
  run = function(alert)
    local s = ('x'):rep(100000)
    while true do pcall(string.byte, s, 1, -1) end
    act.p.survived {}
  end,
}
