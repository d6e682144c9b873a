-- Someone keeps guessing passwords: look the source up, block it for four hours.
--
-- RE&CT: RA2105 analyse IP, RA3101 block external IP address (RA3102 when it is an internal one); by people: RA3601 lock user
-- account. ATT&CK: T1110 Brute Force.
-- Needs the capabilities `contain.block_ip` and an intel plugin with `lookup`.

-- The names of the lists that know an address, for people to read.
local function names_of(lists)
  local names = {}
  for i, list in ipairs(lists or {}) do
    names[i] = list.name
  end
  return table.concat(names, ", ")
end

-- What people should know of the address before they decide; nil when there is nothing.
local function remark_on(ip_, found)
  if found and found.known_good then
    return "it is on a list of known good and on one of known bad: " .. names_of(found.lists)
  elseif ip.is_private(ip_) then
    return "it is an address inside: look at that machine, whatever becomes of the block"
  end
  return nil
end

-- Does the alert say that a guess was right?
local function has_guessed(alert)
  local outcome = type(alert.outcome) == "string" and alert.outcome:lower() or ""
  return outcome:find "^succe" ~= nil or outcome == "allowed" or outcome == "granted"
end

return playbook {
  name    = "contain-bruteforce",
  summary = "Block a source that keeps guessing passwords, for four hours",
  on      = { { category = "authentication", severity = at_least "high" } },
  limits  = { run_for = "2d" },

  run = function(alert)
    local source = type(alert.src) == "table" and alert.src.ip
    if type(source) ~= "string" or not ip.parse(source) then
      note "the alert names no source address, so there is nothing to block"
      return close { verdict = "undetermined", note = "no source address" }
    end

    local found, why = act.intel.lookup { ip = source }
    if not found then
      note("not looked up: " .. why)
    elseif found.known_good and not found.known_bad then
      return close { verdict = "expected", note = "known good: " .. names_of(found.lists) }
    end

    local because = { alert.title or "guessed passwords", found or "not looked up" }
    because[#because + 1] = remark_on(source, found)
    local lease, refused = act.contain.block_ip({ ip = source }, { expires = "4h", because = because })
    if has_guessed(alert) then
      local who = type(alert.user) == "table" and type(alert.user.name) == "string" and alert.user.name or "an account"
      escalate { text = "A password of " .. text.cut(who, 200) .. " was guessed from " .. source .. ". Lock the account, end its sessions, "
        .. "change the password, look at what it did since." }
    end
    if not lease then
      note("not blocked: " .. refused)
      return close { verdict = "undetermined", note = "not blocked: " .. refused }
    end

    return close { verdict = "true_positive", note = source .. " is blocked for four hours" }
  end,
}
