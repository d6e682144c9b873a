-- error: larger than 64 KiB as JSON
-- arguments of megabytes
return playbook {
  name = "arguments-large",
  run = function(alert)
    act.p.q { x = ('x'):rep(100000) }
    act.p.survived {}
  end,
}
