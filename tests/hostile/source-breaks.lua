-- error: the word 'break' stands here for more than the 4000th time
-- the same with break
return playbook {
  name = "source-breaks",
  run = function(alert)
    while true do @@32000:break @@ end
    act.p.survived {}
  end,
}
