-- error: undefined global 'require'
-- a library asked for
return playbook {
  name = "no-require",
  run = function(alert)
    return require 'os'
  end,
}
