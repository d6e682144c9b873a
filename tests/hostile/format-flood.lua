-- limit
-- a thousand numbers of 400 digits, again and again
return playbook {
  name = "format-flood",
  run = function(alert)
    local t = {}
    for i = 1, 1000 do t[i] = 1e308 end
    local f = ('%99.99f'):rep(1000)
    while true do pcall(string.format, f, table.unpack(t)) end
    act.p.survived {}
  end,
}
