-- error: read-only
-- a library changed behind its guard
return playbook {
  name = "library-replaced",
  run = function(alert)
    rawset(string, 'rep', function() end)
    act.p.survived {}
  end,
}
