-- NAME: say here when it is used, and what it needs: the plugin `intel`, and the capability `contain.block_ip`.

return playbook {
  name    = "NAME",
  summary = "Look the source of a serious network alert up, and block it when a person says so",
  on      = { { category = "network", severity = at_least "high" } },
  limits  = { run_for = "2d" },

  run = function(alert)
    local ip = alert.src and alert.src.ip
    if not ip then
      return close { verdict = "undetermined", note = "the alert names no source address" }
    end

    -- A step gives nil and the reason when it fails.
    local found, why = act.intel.lookup { ip = ip }
    if not found then
      note("not looked up: " .. why)
    elseif found.known_good then
      return close { verdict = "expected", note = ip .. " is known to be good" }
    end

    local answer, silence = ask {
      question = "Is " .. ip .. " to be blocked for four hours?",
      choices  = { "yes", "no" },
      timeout  = "4h",
    }
    if answer ~= "yes" then
      return close { verdict = "undetermined", note = silence or "a person does not want it blocked" }
    end

    -- The tenant's rules decide whether this may be done, and who is asked.
    local lease, refused = act.contain.block_ip({ ip = ip },
      { expires = "4h", because = { alert.title or "a serious alert", found or "not looked up" } })
    if not lease then
      return close { verdict = "undetermined", note = "not blocked: " .. refused }
    end
    return close { verdict = "true_positive", note = ip .. " is blocked for four hours" }
  end,
}
