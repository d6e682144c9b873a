-- limit
-- many results, again and again
return playbook {
  name = "unpack-again",
  run = function(alert)
    local t = {}
    for i = 1, 200000 do t[i] = 1 end
    while true do local x = { table.unpack(t) } end
    act.p.survived {}
  end,
}
