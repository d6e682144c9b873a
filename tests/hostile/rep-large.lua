-- limit
-- more than there is memory for
return playbook {
  name = "rep-large",
  run = function(alert)
    return pcall(string.rep, 'x', 1 << 40)
  end,
}
