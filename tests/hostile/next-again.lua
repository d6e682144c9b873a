-- limit
-- a walk over a large table for each key
return playbook {
  name = "next-again",
  run = function(alert)
    local t = {}
    for i = 1, 20000 do t['k' .. i] = i end
    while true do next(t, 'k5') end
    act.p.survived {}
  end,
}
