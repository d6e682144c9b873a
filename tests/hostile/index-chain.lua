-- error: '__index' chain too long; possible loop
-- a table that is its own __index
return playbook {
  name = "index-chain",
  run = function(alert)
    local t = {}
    setmetatable(t, { __index = t })
    return t.x
  end,
}
