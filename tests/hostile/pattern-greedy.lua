-- limit
-- greedy items that give back one by one
return playbook {
  name = "pattern-greedy",
  run = function(alert)
    return pcall(string.gsub, ('a'):rep(30000), 'a*a*a*a*b', '')
  end,
}
