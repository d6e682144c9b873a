-- limit
-- many arguments handed on, again and again
return playbook {
  name = "varargs-again",
  run = function(alert)
    local t = {}
    for i = 1, 100000 do t[i] = 1 end
    local function take(...) end
    local function hand_on(...) while true do take(...) select('#', ...) end end
    hand_on(table.unpack(t))
    act.p.survived {}
  end,
}
