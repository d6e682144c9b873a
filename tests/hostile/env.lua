-- error: _ENV is not available
-- globals swapped
return playbook {
  name = "env",
  run = function(alert)
    local _ENV = {}
    return x
  end,
}
