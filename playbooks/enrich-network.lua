-- A lesser Suricata alert: look both addresses up and leave the rest to people.
-- RE&CT: RA2105 analyse IP. Needs an intel plugin with `lookup`.

-- What is known about one address, as a text.
local function describe(ip, found)
  if not found.ok then
    return ip .. ": not looked up, " .. found.error
  end
  local names = {}
  for i, list in ipairs(found.value.lists or {}) do
    names[i] = list.name
  end
  local word = found.value.known_bad and "known bad" or found.value.known_good and "known good" or "unknown"
  return ip .. ": " .. word .. (#names > 0 and " (" .. table.concat(names, ", ") .. ")" or "")
end

-- The address of one side, when the alert has one.
local function address_of(side)
  return type(side) == "table" and type(side.ip) == "string" and ip.parse(side.ip) or nil
end

return playbook {
  name    = "enrich-network",
  summary = "Note what is known about the two addresses of a lesser network alert",
  on      = { { product = "suricata", category = { "network", "web" },
                severity = { "informational", "low", "medium" } } },

  run = function(alert)
    local sides = { src = address_of(alert.src), dst = address_of(alert.dst) }
    local lookups = {}
    for name, ip in pairs(sides) do
      lookups[name] = function() return act.intel.lookup { ip = ip } end
    end

    local lines = {}
    for name, found in pairs(together(lookups)) do
      lines[#lines + 1] = name .. " " .. describe(sides[name], found)
    end
    note(#lines > 0 and table.concat(lines, "\n") or "the alert names no address")
  end,
}
