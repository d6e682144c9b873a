-- limit
-- branches that make branches
return playbook {
  name = "branches-flood",
  run = function(alert)
    local function flood()
      local t = {}
      for i = 1, 256 do t[i] = flood end
      return together(t)
    end
    return pcall(flood)
  end,
}
