-- Data goes out, more than it should or to where it should not: ask whoever answers for the user whether it is planned, and
-- block where it goes. What is known to do harm, and what is critical, is proposed for blocking at once, while the question runs.
--
-- RE&CT: RA2110 list data transferred, RA2105 analyse IP, RA2104 analyse domain name, RA3101 block external IP address, RA3103
-- block external domain; by people: RA2111 collect transferred data, RA3111 block data transferring by content pattern, RA3601 lock
-- user account. ATT&CK: TA0010 Exfiltration, the techniques in TECHNIQUES.
-- Needs the capabilities `enrich.lookup`, `contain.block_ip`, `contain.block_domain`, `contain.block_url`; the blocks
-- enrich-indicators, block-indicators, open-case, close-case, find-manager and release-case.

local TIMEOUT = "2h"    -- for the answer
local EXPIRES = "1d"    -- of the blocks
local ROLE    = "analyst"
local PLANNED, NOT_PLANNED, UNSURE = "it is planned", "it is not planned", "can't tell"

local TECHNIQUES = {
  "T1011", "T1020", "T1029", "T1030", "T1041", "T1048", "T1048.001", "T1048.002", "T1048.003", "T1537", "T1567", "T1567.001",
  "T1567.002", "T1567.003", "T1567.004",
}

-- A field such as "dst.ip", when it is there and holds a text or a number.
local function text_at(alert, path)
  local value = alert
  for _, name in ipairs(text.split(path, ".")) do
    value = type(value) == "table" and value[name] or nil
  end
  if type(value) == "number" then
    return tostring(value)
  end
  return type(value) == "string" and value ~= "" and text.cut(text.strip(value), 1000) or nil
end

local function first_of(alert, paths, otherwise)
  for _, path in ipairs(paths) do
    if text_at(alert, path) then
      return text_at(alert, path)
    end
  end
  return otherwise
end

-- Where it goes: outside addresses of the destination, names, links.
local function destination_of(alert)
  local words = {}
  for _, path in ipairs { "dst.host", "domain", "url" } do
    words[#words + 1] = text_at(alert, path)
  end
  local seen = text.indicators(table.concat(words, " \n "))
  local address = ip.parse(text_at(alert, "dst.ip"))
  return { ips = { address and ip.is_public(address) and address or nil }, domains = seen.domains, urls = seen.urls }
end

-- What is to be blocked: never what is known to be good, and never what the lists contradict each other about.
local function chosen_of(found, goes_to)
  if not found then
    return goes_to
  end
  local chosen = {}
  for _, list in ipairs { "ips", "domains", "urls" } do
    chosen[list] = {}
    for _, word in ipairs { "bad", "unknown", "failed" } do
      for _, value in ipairs(found[word] and found[word][list] or {}) do
        table.insert(chosen[list], value)
      end
    end
  end
  return chosen
end

return playbook {
  name    = "data-going-out",
  summary = "Ask whether it is planned that data goes out, and block where it goes",
  on      = {
    { category = "data", severity = at_least "medium" },
    { category = { "network", "cloud", "endpoint", "web" }, technique = TECHNIQUES, severity = at_least "medium" },
  },
  limits  = { run_for = "4d" },

  run = function(alert)
    local who = first_of(alert, { "user.name", "user.mail" })
    who = who and text.cut(who, 200)
    local from = text.cut(first_of(alert, { "device.host", "src.host", "device.ip", "src.ip" },
      "a machine that the alert does not name"), 200)
    local goes_to = destination_of(alert)
    local to = text.defang(text.cut(first_of(alert, { "url", "dst.host", "domain", "dst.ip" },
      "somewhere that the alert does not name"), 300))
    local title = text.defang(text.cut(first_of(alert, { "title" }, "data goes out"), 300))
    local someone = (who or "somebody") .. " on " .. from

    local found = call "enrich-indicators" (goes_to)
    local known = found and found.text or "not looked up"
    local sure = found and found.count.bad > 0
    local _ = call "open-case" {
      title = "Data goes out: " .. title, found = known, happening = someone .. " sends data to " .. to .. ": " .. title,
      do_now = "Whoever answers for " .. (who or from) .. " is asked whether it is planned",
    }

    local function block(why)
      local chosen = chosen_of(found, goes_to)
      return call "block-indicators" { ips = chosen.ips, domains = chosen.domains, urls = chosen.urls, expires = EXPIRES,
                                       because = { why, someone .. " sends data to " .. to, known } }
    end
    local function question()
      local asked = call "find-manager" { user = who }
      local answer, silence = ask {
        question = "Is it planned that " .. someone .. " sends data to " .. to .. "?",
        choices  = { PLANNED, NOT_PLANNED, UNSURE },
        role     = ROLE,
        to       = type(asked) == "table" and asked.to or "managers",
        timeout  = TIMEOUT,
        because  = { title, known },
      }
      return { answer = answer, silence = silence }
    end

    -- What can't wait is proposed for blocking beside the question; the rest when the answer is no, or none.
    local urgent = sure or alert.severity == "critical" or alert.severity == "fatal"
    local both = together {
      block = function() return urgent and block(sure and "where it goes is known to do harm" or "it is critical") or false end,
      asked = question,
    }
    local answer = both.asked.value.answer
    local done = both.block.ok and both.block.value or nil
    if answer == PLANNED and not sure then
      if done and done.count.blocked > 0 then
        local _ = call "release-case" { reason = "asked: it is planned that " .. someone .. " sends data to " .. to }
      end
      return call "close-case" { verdict = "expected", note = "asked: it is planned that " .. someone .. " sends data to " .. to }
        or close { verdict = "expected", note = "asked: it is planned" }
    end

    local why = answer and "asked: " .. answer or "not answered: " .. (both.asked.value.silence or "nobody")
    if not urgent then
      done = block(why)
    end
    local became = done and done.text or "nothing was blocked"
    escalate { text = someone .. " sends data to " .. to .. ". " .. why .. (sure and ", but where it goes is known to do harm" or "")
      .. ". Find out what went (RA2110, RA2111), and whether more will go.\n" .. text.cut(became, 2000) }
    return call "close-case" {
      verdict = (sure or answer == NOT_PLANNED) and "true_positive" or "undetermined",
      note = why .. ". " .. became,
      do_now = "Find out what went (RA2110, RA2111); lock the account of " .. (who or "whoever uses " .. from) .. " if it is not theirs to send (RA3601)",
    } or close { verdict = "undetermined", note = why }
  end,
}
