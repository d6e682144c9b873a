-- limit
-- a text that doubles
return playbook {
  name = "concat-doubles",
  run = function(alert)
    local s = 'x'
    pcall(function() while true do s = s .. s end end)
    act.p.survived {}
  end,
}
