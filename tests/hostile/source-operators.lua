-- error: nested too deeply
-- an expression that the parser recurses into
return playbook {
  name = "source-operators",
  run = function(alert)
    return 'a' @@250:.. 'a' @@
  end,
}
