-- error: undefined global 'coroutine'
-- a coroutine without a hook
return playbook {
  name = "no-coroutine",
  run = function(alert)
    return coroutine.wrap(function() while true do end end)()
  end,
}
