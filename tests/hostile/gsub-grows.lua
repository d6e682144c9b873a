-- limit
-- each place becomes a long text
return playbook {
  name = "gsub-grows",
  run = function(alert)
    return (('x'):rep(1e6)):gsub('', ('y'):rep(1000))
  end,
}
