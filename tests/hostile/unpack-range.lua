-- error: too many results to unpack
-- a range of 2^40 as results
return playbook {
  name = "unpack-range",
  run = function(alert)
    return table.unpack({}, 1, 1 << 40)
  end,
}
