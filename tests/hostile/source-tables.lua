-- error: nested too deeply
-- tables that the parser recurses into
return playbook {
  name = "source-tables",
  run = function(alert)
    return @@250:{@@ @@250:}@@
  end,
}
