-- limit
-- a chain of conditions
return playbook {
  name = "source-elseif",
  run = function(alert)
    local a
    while true do
      if a then @@10000:elseif a then @@ end
    end
    act.p.survived {}
  end,
}
