-- error: undefined global 'os'
-- the process ended
return playbook {
  name = "no-os",
  run = function(alert)
    return os.exit()
  end,
}
