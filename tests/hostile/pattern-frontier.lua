-- limit
-- frontiers and lazy items
return playbook {
  name = "pattern-frontier",
  run = function(alert)
    return (('x y'):rep(10000)):find('%f[x].-%f[y].-%f[x].-z')
  end,
}
