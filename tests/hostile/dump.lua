-- error: string.dump does not exist
-- bytecode made from a function
return playbook {
  name = "dump",
  run = function(alert)
    return string.dump(function() end)
  end,
}
