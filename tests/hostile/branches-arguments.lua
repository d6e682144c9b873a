-- limit
-- arguments of 64 KiB in each of many branches
return playbook {
  name = "branches-arguments",
  run = function(alert)
    local text = ('x'):rep(60000)
    local list = {}
    for i = 1, 256 do list[i] = i end
    return each(list, function(i) return act.p.q { text = text .. i } end, { at_once = 256 })
  end,
}
