-- limit
-- pcall called by pcall
return playbook {
  name = "pcall-around-pcall",
  run = function(alert)
    return pcall(pcall, pcall, function() while true do end end)
  end,
}
