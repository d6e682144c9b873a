return playbook { name = "p", summary = "s", on = { { product = "x", severity = at_least "high" } },
  limits = { run_for = "1h" }, run = function(alert) note(alert.title) end }
