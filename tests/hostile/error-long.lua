-- error: xxxx
-- an error text of megabytes
return playbook {
  name = "error-long",
  run = function(alert)
    error(('x'):rep(7000000))
    act.p.survived {}
  end,
}
