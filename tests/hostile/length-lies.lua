-- limit
-- a length that is not there
return playbook {
  name = "length-lies",
  run = function(alert)
    local t = setmetatable({}, { __len = function() return 1e12 end })
    return pcall(table.insert, t, 1, 1)
  end,
}
