-- error: __mode is not available
-- a table that shows what the collector did
return playbook {
  name = "mode",
  run = function(alert)
    return setmetatable({}, { __mode = 'k' })
  end,
}
