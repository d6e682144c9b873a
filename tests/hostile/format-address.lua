-- error: %p is not available
-- the address of a table
return playbook {
  name = "format-address",
  run = function(alert)
    return ('%p'):format({})
  end,
}
