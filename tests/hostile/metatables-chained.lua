-- limit
-- metatables whose copies hold each other: slow for a collector of weak tables
return playbook {
  name = "metatables-chained",
  run = function(alert)
    local head = {}
    local at = head
    while true do
      local following = {}
      at.__index = following
      setmetatable({}, at)
      at.__index = nil
      at = following
    end
    act.p.survived {}
  end,
}
