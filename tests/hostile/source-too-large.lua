-- error: larger than 256 KiB
-- a source of 300,000 bytes
return playbook {
  name = "source-too-large",
  run = function(alert)
    @@100000:;;;@@
    act.p.survived {}
  end,
}
