-- error: pattern is longer than
-- a pattern of 5,000 items
return playbook {
  name = "pattern-long",
  run = function(alert)
    return ('x'):find(('x'):rep(5000) .. '.')
  end,
}
