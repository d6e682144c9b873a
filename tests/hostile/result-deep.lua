-- error: is nested too deeply
-- a result of a hundred levels
return playbook {
  name = "result-deep",
  run = function(alert)
    local t = {}
    for i = 1, 100 do t = { t } end
    return t
  end,
}
