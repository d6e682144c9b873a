-- limit
-- large tables sorted again and again
return playbook {
  name = "pairs-again",
  run = function(alert)
    local t = {}
    for i = 1, 20000 do t[('k'):rep(20) .. i] = i end
    while true do for k in pairs(t) do break end end
    act.p.survived {}
  end,
}
