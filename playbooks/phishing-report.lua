-- Somebody reported a mail: take out what it leads to, look it up, ask an analyst what it is, and block what does harm.
--
-- RE&CT: RA2205 extract observables from email message, RA2204 make sure email message is phishing, RA2104 analyse domain name,
-- RA2106 analyse URI, RA2206 analyse email address, RA3105 block external URL, RA3103 block external domain, RA3101 block external
-- IP address; by people: RA2203 list email message receivers, RA3201 block domain on email, RA3202 block sender on email, RA4201
-- delete email message. ATT&CK: T1566 Phishing.
-- Needs the capabilities `enrich.lookup`, `contain.block_ip`, `contain.block_domain`, `contain.block_url`; the blocks
-- enrich-indicators, block-indicators, open-case and close-case.

local TIMEOUT = "8h"    -- for the analyst's word
local EXPIRES = "1w"    -- of the blocks: a mail is opened days later
local ROLE    = "analyst"
local MOST    = 20      -- of a kind that are looked up: a mail with more of them is a newsletter, or made to tire us
local PHISHING, SPAM, HARMLESS = "phishing", "only unwanted", "harmless"

-- Where a report keeps what was reported. What comes from a product is in `raw`.
local TEXTS = { "mail.subject", "mail.from", "url", "domain", "message", "body", "mail.body", "text" }

-- A field such as "mail.from", when it is there and holds a text.
local function text_at(alert, path, size)
  local value = alert
  for _, name in ipairs(text.split(path, ".")) do
    value = type(value) == "table" and value[name] or nil
  end
  return type(value) == "string" and value ~= "" and text.cut(text.strip(value), size or 300) or nil
end

-- All of it in one text. A body that is kept apart is enough; else what came is read.
local function words_of(alert)
  local words = {}
  for _, path in ipairs(TEXTS) do
    words[#words + 1] = text_at(alert, path, 100000)
  end
  if not text_at(alert, "body") and not text_at(alert, "mail.body") and not text_at(alert, "message") then
    local raw = alert.raw
    words[#words + 1] = type(raw) == "string" and text.cut(raw, 200000) or type(raw) == "table" and text.cut(json.text(raw), 200000) or nil
  end
  return table.concat(words, "\n")
end

local function domain_of(mail)
  return mail and mail:lower():match "@([%w._-]+)>?%s*$"
end

-- Names of ours: those of whoever got or reported it, and of the console that the report links to. They are in every report and
-- never its aim.
local function own_of(alert)
  local own = {}
  local console = (text_at(alert, "link", 2000) or ""):lower():match "^%a+://([^/:?#]+)"
  if console then
    own[console] = true
  end
  for _, path in ipairs { "mail.to", "user.mail" } do
    local name = domain_of(text_at(alert, path))
    if name then
      own[name] = true
    end
  end
  return own
end

local function is_own(own, name)
  while name do
    if own[name] then
      return true
    end
    name = name:match "^[^.]+%.(.+)$"
  end
  return false
end

-- What the mail leads to, without what is ours, at most MOST of a kind; and how many there were more.
local function observables_of(alert)
  local seen, own, more = text.indicators(words_of(alert)), own_of(alert), 0
  local all = { ips = {}, domains = {}, urls = {}, hashes = {} }
  for list, chosen in pairs(all) do
    for _, value in ipairs(seen[list]) do
      local name = list == "domains" and value or list == "urls" and value:match "^%a+://([^/:?#]+)" or nil
      local address = list == "ips" and not ip.is_public(value)
      if address or name and is_own(own, name:lower()) then
        -- ours
      elseif #chosen == MOST then
        more = more + 1
      else
        chosen[#chosen + 1] = value
      end
    end
  end
  return all, more
end

local function count(all)
  return #all.ips + #all.domains + #all.urls + #all.hashes
end

-- What is blocked: all that is known to be bad; on an analyst's word also the links that nobody knows, not their whole domains:
-- those may be a service that everybody uses.
local function chosen_of(found, all, said)
  local bad = found and found.bad or {}
  local unknown = said == PHISHING and (found and found.unknown.urls or not found and all.urls) or {}
  local urls = {}
  for _, list in ipairs { bad.urls or {}, unknown } do
    for _, url in ipairs(list) do
      urls[#urls + 1] = url
    end
  end
  return { ips = bad.ips, domains = bad.domains, urls = urls }
end

return playbook {
  name    = "phishing-report",
  summary = "Look up what a reported mail leads to, ask an analyst, and block what does harm",
  on      = { { category = "phishing" } },
  limits  = { run_for = "1w" },

  run = function(alert)
    local all, more = observables_of(alert)
    local subject = text.defang(text_at(alert, "mail.subject") or text_at(alert, "title") or "a mail without a subject")
    local from = text.defang(text_at(alert, "mail.from") or "an unknown sender")
    local by = text.defang(text_at(alert, "user.mail") or text_at(alert, "user.name") or "somebody")

    local found = count(all) > 0 and call "enrich-indicators" (all) or nil
    local known = count(all) == 0 and "it leads nowhere" or found and found.text or "not looked up"
    if more > 0 then
      known = known .. "\n" .. more .. " more were left out"
    end
    local _ = call "open-case" {
      title = "Reported mail: " .. subject, found = known,
      happening = by .. " reported a mail of " .. from .. ": " .. subject,
      do_now = "Say whether it is phishing", scope = by,
    }

    local sure = found and found.count.bad > 0
    local said, silence
    if not sure then
      said, silence = ask {
        question = "Is this mail phishing? " .. subject .. " (from " .. from .. ", reported by " .. by .. ")",
        choices  = { PHISHING, SPAM, HARMLESS },
        role     = ROLE,
        timeout  = TIMEOUT,
        because  = { known },
      }
    end
    if said == SPAM or said == HARMLESS then
      return call "close-case" { verdict = "false_positive", note = "an analyst says: " .. said,
                                 do_now = "Thank " .. by .. ", and say what it was" }
        or close { verdict = "false_positive", note = "an analyst says: " .. said }
    elseif not sure and said ~= PHISHING then
      escalate { text = "Nobody said whether a reported mail is phishing: " .. subject .. " (from " .. from .. ")" }
      return call "close-case" { verdict = "undetermined", note = "nobody said what it is: " .. (silence or "no word") }
        or close { verdict = "undetermined", note = "nobody said what it is" }
    end

    local chosen = chosen_of(found, all, said)
    local because = { sure and "known to do harm, in a mail that was reported" or "an analyst says that it is phishing",
                      "subject: " .. subject, known }
    local done = call "block-indicators" { ips = chosen.ips, domains = chosen.domains, urls = chosen.urls, expires = EXPIRES,
                                           because = because }
    local became = done and done.text or "nothing was blocked"
    local who = text.defang(domain_of(text_at(alert, "mail.from")) or from)
    notify { text = "Phishing: " .. subject .. "\nfrom " .. from .. ", reported by " .. by .. "\n" .. text.cut(became, 2500) }
    return call "close-case" {
      verdict = "true_positive",
      note = (sure and "known to do harm. " or "an analyst says that it is phishing. ") .. became,
      do_now = "Find who else got it and who opened it (RA2203, RA2201), delete it there (RA4201), block " .. who
        .. " for mail (RA3201, RA3202), reset the credentials of whoever typed them in, thank " .. by,
    } or close { verdict = "true_positive", note = became }
  end,
}
