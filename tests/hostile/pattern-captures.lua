-- error: too many captures
-- more captures than there is room for
return playbook {
  name = "pattern-captures",
  run = function(alert)
    return ('x'):find(('(x)'):rep(100))
  end,
}
