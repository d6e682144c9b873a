-- limit
-- functions that hold on to each other
return playbook {
  name = "closures",
  run = function(alert)
    local f = function() end
    while true do
      local g = f
      f = function() return g end
    end
    act.p.survived {}
  end,
}
