-- limit
-- texts counted again and again
return playbook {
  name = "utf8-many",
  run = function(alert)
    local s = ('x'):rep(1e6)
    while true do utf8.len(s) utf8.offset(s, -1) end
    act.p.survived {}
  end,
}
