-- limit
-- four lazy items over a long text
return playbook {
  name = "pattern-backtracks",
  run = function(alert)
    return pcall(string.match, ('a'):rep(30000), '.-.-.-.-b')
  end,
}
