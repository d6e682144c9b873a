-- limit
-- a small bomb, thrown again and again
return playbook {
  name = "pattern-in-pcall",
  run = function(alert)
    while true do pcall(string.find, ('a'):rep(2000), ('a?'):rep(1000) .. ('a'):rep(2000)) end
    act.p.survived {}
  end,
}
