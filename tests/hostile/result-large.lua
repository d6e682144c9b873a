-- error: larger than 512 KiB as JSON
-- a result of megabytes
return playbook {
  name = "result-large",
  run = function(alert)
    return { ('x'):rep(1000000) }
  end,
}
