-- limit
-- brackets that are never closed
return playbook {
  name = "pattern-balance",
  run = function(alert)
    return (('('):rep(1000000)):find('%b()')
  end,
}
