-- limit
-- each in each
return playbook {
  name = "each-nested",
  run = function(alert)
    local list = {}
    for i = 1, 256 do list[i] = i end
    local function flood() return each(list, flood, { at_once = 256 }) end
    return flood()
  end,
}
