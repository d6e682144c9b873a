-- error: overflow
-- a callback that calls gsub
return playbook {
  name = "recursion-gsub-uncaught",
  run = function(alert)
    local f
    f = function(s) return (s:gsub('.', f)) end
    return f('x')
  end,
}
