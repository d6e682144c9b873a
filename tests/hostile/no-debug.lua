-- error: undefined global 'debug'
-- the hook taken away
return playbook {
  name = "no-debug",
  run = function(alert)
    return debug.sethook()
  end,
}
