-- Somebody logged in from where they can hardly be: ask whoever answers for them, and block the address when it was not them.
--
-- RE&CT: RA2601 list users authenticated, RA2105 analyse IP, RA3101 block external IP address; by people: RA3601 lock user
-- account, RA4601 revoke authentication credentials. ATT&CK: T1078 Valid Accounts.
-- Needs the capabilities `enrich.lookup` and `contain.block_ip`; the blocks enrich-indicators, block-indicators, open-case,
-- close-case and find-manager.

local TIMEOUT = "2h"         -- for the answer
local EXPIRES = "1d"         -- of the block
local ROLE    = "analyst"    -- least role of who may answer: give managers a user with it
local YES, NO, UNSURE = "it was them", "it was not them", "can't tell"

-- How products call it, and the techniques that stand for a login with somebody's own account.
local TITLES = {
  "Impossible travel", "Impossible Travel", "Impossible travel activity", "Impossible travel to atypical locations",
  "Atypical travel", "Atypical Travel", "Unlikely travel", "Improbable travel", "Geographically Improbable Location",
  "impossibleTravel", "unlikelyTravel", "mcasImpossibleTravel",
}
local TECHNIQUES = { "T1078", "T1078.001", "T1078.002", "T1078.003", "T1078.004" }

-- A field such as "src.ip", when it is there and holds a text.
local function text_at(alert, path)
  local value = alert
  for _, name in ipairs(text.split(path, ".")) do
    value = type(value) == "table" and value[name] or nil
  end
  return type(value) == "string" and value ~= "" and text.cut(text.strip(value), 300) or nil
end

return playbook {
  name    = "impossible-travel",
  summary = "Ask whoever answers for a user about a login from where they can hardly be",
  on      = {
    { category = { "identity", "authentication", "cloud" }, title = TITLES },
    { category = { "identity", "cloud" }, technique = TECHNIQUES, severity = at_least "medium" },
  },
  limits  = { run_for = "3d" },

  run = function(alert)
    local who = text_at(alert, "user.name") or text_at(alert, "user.mail")
    local from = ip.parse(text_at(alert, "src.ip"))
    if not who then
      note "the alert names no user, so there is nobody to ask about"
      return close { verdict = "undetermined", note = "the alert names no user" }
    end

    local found = call "enrich-indicators" { ips = { from } }
    local known = found and found.text or "not looked up"
    if found and found.count.good > 0 then
      return close { verdict = "expected", note = who .. " came by a known address, " .. known }
    end

    local place = from or text_at(alert, "src.host") or "an address that the alert does not name"
    local when = text_at(alert, "time") or time.text(now())
    local _ = call "open-case" {
      title = "Did " .. who .. " log in from " .. place .. "?", found = known,
      happening = who .. " logged in from " .. place .. " at " .. when .. ", where they can hardly be",
      do_now = "Nothing yet: whoever answers for " .. who .. " is asked",
    }

    local asked = call "find-manager" { user = who }
    local answer, silence = ask {
      question = text.defang("Did " .. who .. " log in from " .. place .. " at " .. when .. "?"),
      choices  = { YES, NO, UNSURE },
      role     = ROLE,
      to       = type(asked) == "table" and asked.to or "managers",
      timeout  = TIMEOUT,
      because  = { text.defang(text_at(alert, "title") or "a login from an odd place"), known,
                   "ask them by telephone, not by mail: their mailbox may be in other hands" },
    }
    if answer == YES then
      return call "close-case" { verdict = "expected", note = "asked: it was " .. who .. " from " .. place }
        or close { verdict = "expected", note = "asked: it was " .. who }
    end

    local why = answer == NO and "asked: it was not " .. who or answer == UNSURE and "asked: nobody could tell"
      or "not answered: " .. (silence or "nobody")
    local done = call "block-indicators" { ips = { from }, expires = EXPIRES, because = { why, known } }
    local blocked = done and done.count.blocked > 0
    escalate { text = why .. ". Lock the account " .. who .. ", end its sessions and change its credentials, unless you know better. "
      .. (blocked and place .. " is blocked." or place .. " is not blocked.") }
    return call "close-case" {
      verdict = answer == NO and "true_positive" or "undetermined",
      note = why .. (done and ". " .. done.text or ". The address was not blocked"),
      do_now = "Lock the account " .. who .. ", end its sessions, change its credentials; look at what it did since " .. when,
    } or close { verdict = "undetermined", note = why }
  end,
}
