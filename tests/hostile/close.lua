-- error: __close is not available
-- code that runs while an error travels
return playbook {
  name = "close",
  run = function(alert)
    local x <close> = setmetatable({}, { __close = function() while true do end end })
    act.p.survived {}
  end,
}
