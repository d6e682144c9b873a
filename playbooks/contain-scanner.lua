-- Suricata saw an attack: block the outside address of the two for four hours.
--
-- RE&CT: RA2105 analyse IP, RA3101 block external IP address. ATT&CK: T1595 Active Scanning, T1190 Exploit Public-Facing Application.
-- Needs the capability `contain.block_ip` and an intel plugin with `lookup`.

-- The one of the two that is outside, in its one form; the source first.
local function outside_of(alert)
  for _, side in ipairs { alert.src or {}, alert.dst or {} } do
    local address = type(side) == "table" and type(side.ip) == "string" and ip.parse(side.ip)
    if address and ip.is_public(address) then
      return address
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
    local address = outside_of(alert)
    if not address then
      note "both addresses are inside, or missing: nothing to block"
      return close { verdict = "undetermined", note = "no outside address" }
    end

    local found, why = act.intel.lookup { ip = address }
    if not found then
      note("not looked up: " .. why)
    elseif found.known_good and not found.known_bad then
      return close { verdict = "expected", note = address .. " is known to be good" }
    end

    local lease, refused = act.contain.block_ip({ ip = address },
      { expires = "4h", because = { alert.title or "an attack", found or "not looked up" } })
    if not lease then
      note("not blocked: " .. refused)
      return close { verdict = "undetermined", note = "not blocked: " .. refused }
    end

    return close { verdict = "true_positive", note = address .. " is blocked for four hours" }
  end,
}
