-- error: the error raised is a table
-- an error object with a long __name
return playbook {
  name = "error-name",
  run = function(alert)
    error(setmetatable({}, { __name = ('x'):rep(1000000) }))
    act.p.survived {}
  end,
}
