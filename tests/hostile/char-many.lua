-- limit
-- a hundred thousand values as a text
return playbook {
  name = "char-many",
  run = function(alert)
    local t = {}
    for i = 1, 100000 do t[i] = 65 end
    while true do string.char(table.unpack(t)) end
    act.p.survived {}
  end,
}
