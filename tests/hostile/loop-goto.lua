-- limit
-- a loop of goto
return playbook {
  name = "loop-goto",
  run = function(alert)
    ::again::
    goto again
  end,
}
