-- error: the word 'goto' stands here for more than the 4000th time
-- jumps whose time is their square
return playbook {
  name = "source-jumps",
  run = function(alert)
    @@32000:goto a @@
    ::a::
    act.p.survived {}
  end,
}
