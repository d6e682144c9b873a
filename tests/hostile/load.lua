-- error: undefined global 'load'
-- code from a text
return playbook {
  name = "load",
  run = function(alert)
    return load('\27Lua', 'x', 'b')
  end,
}
