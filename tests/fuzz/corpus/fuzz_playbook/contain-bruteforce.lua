-- Someone keeps guessing passwords: look the source up, block it for four hours.
-- Needs the capabilities `contain.block_ip` and an intel plugin with `lookup`.

-- The names of the lists that know an address, for people to read.
local function names_of(lists)
  local names = {}
  for i, list in ipairs(lists or {}) do
    names[i] = list.name
  end
  return table.concat(names, ", ")
end

return playbook {
  name    = "contain-bruteforce",
  summary = "Block a source that keeps guessing passwords, for four hours",
  on      = { { category = "authentication", severity = at_least "high" } },
  limits  = { run_for = "2d" },

  run = function(alert)
    local ip = alert.src and alert.src.ip
    if not ip then
      note "the alert names no source address, so there is nothing to block"
      return close { verdict = "undetermined", note = "no source address" }
    end

    local found, why = act.intel.lookup { ip = ip }
    if not found then
      note("not looked up: " .. why)
    elseif found.known_good then
      return close { verdict = "expected", note = "known good: " .. names_of(found.lists) }
    end

    local lease, refused = act.contain.block_ip({ ip = ip },
      { expires = "4h", because = { alert.title or "guessed passwords", found or "not looked up" } })
    if not lease then
      note("not blocked: " .. refused)
      return close { verdict = "undetermined", note = "not blocked: " .. refused }
    end

    return close { verdict = "true_positive", note = ip .. " is blocked for four hours" }
  end,
}
