-- limit
-- a callback that calls gsub, caught and tried again
return playbook {
  name = "recursion-gsub",
  run = function(alert)
    local f
    f = function(s) return (s:gsub('.', f)) end
    while true do pcall(f, 'x') end
    act.p.survived {}
  end,
}
