-- error: nested too deeply
-- brackets that the parser recurses into
return playbook {
  name = "source-brackets",
  run = function(alert)
    return @@250:(@@1@@250:)@@
  end,
}
