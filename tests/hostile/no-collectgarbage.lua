-- error: undefined global 'collectgarbage'
-- the collector stopped
return playbook {
  name = "no-collectgarbage",
  run = function(alert)
    return collectgarbage('stop')
  end,
}
