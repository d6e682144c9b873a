-- Suricata saw an attack: block the outside address of the two for four hours.

-- Is this an address inside, or one that nobody can be at?
local function is_private(ip)
  local a, b = ip:match("^(%d+)%.(%d+)%.%d+%.%d+$")
  if a then
    a, b = tonumber(a), tonumber(b)
    return a == 10 or a == 127 or a == 0 or a >= 224
      or (a == 172 and b >= 16 and b <= 31)
      or (a == 192 and b == 168)
      or (a == 169 and b == 254)
      or (a == 100 and b >= 64 and b <= 127)
  end
  local v6 = ip:lower()
  return v6 == "::" or v6 == "::1" or v6:find("^::ffff:") ~= nil  -- IPv4 in disguise: not guessed at
    or v6:find("^f[cd]") ~= nil or v6:find("^fe[89ab]") ~= nil or v6:find("^ff") ~= nil
end

-- The one of the two that is outside; the source first.
local function outside_of(alert)
  for _, side in ipairs { alert.src or {}, alert.dst or {} } do
    if side.ip and not is_private(side.ip) then
      return side.ip
    end
  end
  return nil
end

return playbook {
  name    = "contain-scanner",
  summary = "Block the outside address of a serious Suricata alert, for four hours",
  on      = { { product = "suricata", category = { "network", "web" }, severity = at_least "high" } },
  limits  = { run_for = "2d" },

  run = function(alert)
    local ip = outside_of(alert)
    if not ip then
      note "both addresses are inside, or missing: nothing to block"
      return close { verdict = "undetermined", note = "no outside address" }
    end

    local found, why = act.intel.lookup { ip = ip }
    if not found then
      note("not looked up: " .. why)
    elseif found.known_good then
      return close { verdict = "expected", note = ip .. " is known to be good" }
    end

    local lease, refused = act.contain.block_ip({ ip = ip },
      { expires = "4h", because = { alert.title or "an attack", found or "not looked up" } })
    if not lease then
      note("not blocked: " .. refused)
      return close { verdict = "undetermined", note = "not blocked: " .. refused }
    end

    return close { verdict = "true_positive", note = ip .. " is blocked for four hours" }
  end,
}
