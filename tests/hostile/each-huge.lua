-- error: each takes at most 10000 items
-- more items than a run has steps
return playbook {
  name = "each-huge",
  run = function(alert)
    local t = {}
    for i = 1, 10001 do t[i] = i end
    return each(t, function() end)
  end,
}
