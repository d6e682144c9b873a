-- error: the error raised is a table
-- an error object that spins when it is read
return playbook {
  name = "error-tostring",
  run = function(alert)
    error(setmetatable({}, { __tostring = function() while true do end end }))
    act.p.survived {}
  end,
}
