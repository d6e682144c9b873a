-- error: contains itself
-- a result in itself
return playbook {
  name = "result-cycle",
  run = function(alert)
    local t = {}
    t.t = t
    return t
  end,
}
