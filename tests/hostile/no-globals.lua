-- error: undefined global '_G'
-- the table of globals
return playbook {
  name = "no-globals",
  run = function(alert)
    _G.string = nil
    act.p.survived {}
  end,
}
