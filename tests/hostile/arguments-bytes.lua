-- error: is not UTF-8 text
-- arguments that are no text
return playbook {
  name = "arguments-bytes",
  run = function(alert)
    act.p.q { x = ('\255'):rep(1000) }
    act.p.survived {}
  end,
}
