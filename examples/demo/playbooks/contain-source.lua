return playbook {
  name    = "contain-source",
  summary = "Block a source that guesses passwords or serves malware, for ten seconds",
  on      = {
    { category = "authentication", severity = at_least "critical" },
    { category = "malware", severity = at_least "high" },
  },
  limits  = { run_for = "2d" },

  run = function(alert)
    local known = act.intel.lookup { ip = alert.src.ip }
    if known and known.known_good and not known.known_bad then
      return close { verdict = "expected", note = "on the list \"" .. known.list .. "\"" }
    end

    local because = { alert.title }
    because[2] = known and known.known_bad and "on the list \"" .. known.list .. "\""
      or "on no list that we keep"

    -- Ten seconds, so that the end of the lease can be watched.
    local lease, why = act.contain.block_ip({ ip = alert.src.ip },
      { expires = "10s", because = because })
    if not lease then
      note("not blocked: " .. why)
    end
    return close { verdict = "true_positive" }
  end,
}
