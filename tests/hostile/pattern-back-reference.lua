-- limit
-- captures compared at each place
return playbook {
  name = "pattern-back-reference",
  run = function(alert)
    return (('x'):rep(1000000)):find('(x+)%1%1%1y')
  end,
}
