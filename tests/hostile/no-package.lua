-- error: undefined global 'package'
-- a library loaded
return playbook {
  name = "no-package",
  run = function(alert)
    return package.loadlib('x.so', 'f')
  end,
}
