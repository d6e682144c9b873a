return playbook {
  name    = "triage",
  summary = "Close what our own scanners caused; leave the rest to people, with a note",
  on      = {
    { category = { "web", "network", "phishing" } },
  },

  run = function(alert)
    local known = act.intel.lookup { ip = alert.src.ip }
    if known and known.known_good and not known.known_bad then
      return close { verdict = "expected", note = "on the list \"" .. known.list .. "\"" }
    end
    note(known and known.known_bad and "known bad: " .. known.list or "on no list that we keep")
  end,
}
