-- limit
-- a size that wraps around
return playbook {
  name = "rep-wraps",
  run = function(alert)
    return pcall(string.rep, '', 1 << 62, 'ab')
  end,
}
