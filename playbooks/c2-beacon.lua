-- A machine inside calls its master outside: block where it calls, and have people take the machine on.
--
-- RE&CT: RA2104 analyse domain name, RA2105 analyse IP, RA2106 analyse URI, RA3101 block external IP address, RA3103 block
-- external domain; by people: RA2114 list hosts communicated with external IP, RA5001 reinstall host from golden image.
-- ATT&CK: TA0011 Command and Control, the techniques in TECHNIQUES.
-- Needs the capabilities `enrich.lookup`, `contain.block_ip`, `contain.block_domain`, `contain.block_url`; the blocks
-- enrich-indicators, block-indicators, open-case, close-case and notify-and-escalate.

local EXPIRES = "1d"    -- of the blocks: long enough to look at the machine
local WITHIN  = "30m"   -- until somebody has taken the machine on

local TECHNIQUES = {
  "T1071", "T1071.001", "T1071.002", "T1071.003", "T1071.004", "T1071.005", "T1090", "T1090.001", "T1090.002", "T1090.003",
  "T1090.004", "T1095", "T1102", "T1102.001", "T1102.002", "T1102.003", "T1132", "T1132.001", "T1132.002", "T1568",
  "T1568.001", "T1568.002", "T1568.003", "T1571", "T1572", "T1573", "T1573.001", "T1573.002",
}

-- A field such as "dst.ip", when it is there and holds a text.
local function text_at(alert, path)
  local value = alert
  for _, name in ipairs(text.split(path, ".")) do
    value = type(value) == "table" and value[name] or nil
  end
  return type(value) == "string" and value ~= "" and text.cut(text.strip(value), 2000) or nil
end

-- Where it calls: addresses outside, names, links. The title is read too, since many products name the domain there alone.
local function outside_of(alert)
  local all = { ips = {}, domains = {}, urls = {} }
  for _, path in ipairs { "dst.ip", "src.ip" } do
    local address = ip.parse(text_at(alert, path))
    if address and ip.is_public(address) then
      table.insert(all.ips, address)
    end
  end
  local words = {}
  for _, path in ipairs { "dst.host", "domain", "url", "title", "message" } do
    words[#words + 1] = text_at(alert, path)
  end
  local seen = text.indicators(table.concat(words, " \n "))
  all.domains, all.urls = seen.domains, seen.urls
  return all
end

-- The machine inside, in a word for people.
local function inside_of(alert)
  for _, path in ipairs { "device.host", "src.host" } do
    if text_at(alert, path) then
      return text.cut(text_at(alert, path), 200)
    end
  end
  for _, path in ipairs { "device.ip", "src.ip", "dst.ip" } do
    local address = ip.parse(text_at(alert, path))
    if address and ip.is_private(address) then
      return address
    end
  end
  return "a machine that the alert does not name"
end

-- Of two sets of indicators, one.
local function joined(a, b)
  local all = {}
  for _, list in ipairs { "ips", "domains", "urls" } do
    all[list] = {}
    for _, set in ipairs { a, b } do
      for _, value in ipairs(set and set[list] or {}) do
        table.insert(all[list], value)
      end
    end
  end
  return all
end

return playbook {
  name    = "c2-beacon",
  summary = "Block where a machine inside calls its master, and have people take the machine on",
  on      = { { category = { "network", "endpoint", "web", "cloud" }, technique = TECHNIQUES, severity = at_least "medium" } },
  limits  = { run_for = "3d" },

  run = function(alert)
    local machine, outside = inside_of(alert), outside_of(alert)
    if #outside.ips + #outside.domains + #outside.urls == 0 then
      escalate { text = machine .. " seems to call a master outside, and the alert does not say where" }
      return call "close-case" { verdict = "undetermined", note = "the alert names nothing outside that could be blocked",
                                 do_now = "Look at " .. machine .. ": where does it call?" }
        or close { verdict = "undetermined", note = "nothing outside is named" }
    end

    local found = call "enrich-indicators" (outside)
    local known = found and found.text or "not looked up"
    if found and found.count.good > 0 and found.count.bad + found.count.disputed + found.count.unknown + found.count.failed == 0 then
      return close { verdict = "expected", note = "all of it is known to be good: " .. known }
    end

    local title = text.defang(text.cut(text_at(alert, "title") or "a beacon", 300))
    local _ = call "open-case" {
      title = machine .. " calls out: " .. title, found = known,
      happening = machine .. " calls a master outside: " .. title, do_now = "Don't switch " .. machine .. " off: its memory is evidence",
    }

    -- What is known to be good, or disputed, is left to people: it is in the text.
    local chosen = found and joined(joined(found.bad, found.unknown), found.failed) or outside
    local done = call "block-indicators" { ips = chosen.ips, domains = chosen.domains, urls = chosen.urls, expires = EXPIRES,
                                           because = { title .. ", on " .. machine, known } }
    local became = done and done.text or "nothing was blocked"
    local told = call "notify-and-escalate" {
      text = machine .. " calls a master outside. Isolate it, keep its memory, look at what it did.\n" .. became,
      question = "Who takes on " .. machine .. ", which calls a master outside?", answer_within = WITHIN,
    } or escalate { text = machine .. " calls a master outside: take it on. " .. text.cut(became, 2000) }

    local sure = found and found.count.bad > 0
    local blocked = done and done.count.blocked > 0
    return call "close-case" {
      verdict = (sure or blocked) and "true_positive" or "undetermined",
      note = (sure and "known to do harm" or blocked and "blocked on a person's word" or "nobody wanted it blocked") .. ": " .. became,
      do_now = "Isolate and look at " .. machine .. (told and "" or "; nobody could be told")
        .. "; see which others called there (RA2114), then reinstall it (RA5001)",
    } or close { verdict = "undetermined", note = became }
  end,
}
