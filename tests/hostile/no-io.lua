-- error: undefined global 'io'
-- a file read
return playbook {
  name = "no-io",
  run = function(alert)
    return io.open('/etc/passwd')
  end,
}
