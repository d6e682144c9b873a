-- limit
-- a range of 10^12 that is there by a metamethod
return playbook {
  name = "concat-range",
  run = function(alert)
    local t = setmetatable({}, { __index = function() return '' end })
    return pcall(table.concat, t, '', 1, 1e12)
  end,
}
