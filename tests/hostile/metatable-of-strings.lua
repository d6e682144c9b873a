-- error: attempt to index a nil value
-- the metatable that all texts share
return playbook {
  name = "metatable-of-strings",
  run = function(alert)
    getmetatable('').__index = nil
    act.p.survived {}
  end,
}
