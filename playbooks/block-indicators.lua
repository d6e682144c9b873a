-- A block to call: block addresses, names and links, each by a lease of its own.
--
--   local done = call "block-indicators" { ips = { … }, domains = { … }, urls = { … },
--                                          because = { "why", … }, expires = "4h" }
--
-- RE&CT: RA3101 block external IP address, RA3103 block external domain, RA3105 block external URL.
-- Needs the capabilities `contain.block_ip`, `contain.block_domain` and `contain.block_url`, as far as such are handed over.

local AT_ONCE = 4      -- blocks that wait for a decision, or are made, at the same time
local MOST    = 40     -- in one call: nobody decides on more with care
local EXPIRES = "4h"   -- when the caller names none

-- Names that lead nowhere outside (RFC 6761, RFC 6762, RFC 8375, RFC 9476), and what networks use as such.
local INSIDE = { "local", "localhost", "internal", "intranet", "home", "lan", "corp", "arpa", "onion", "alt", "invalid" }

local function is_inside(name)
  local last = name:match "([^.]+)%.?$"
  for _, word in ipairs(INSIDE) do
    if last == word then
      return true
    end
  end
  return not name:find(".", 1, true)
end

-- Why it is not to be blocked; nil when it may be.
local function refuses_ip(value)
  if not ip.parse(value) then
    return "it is no address"
  end
  return not ip.is_public(value) and "it is no address that the internet leads to" or nil
end

local function refuses_domain(value)
  if ip.parse(value) then
    return "it is an address, not a name"
  end
  return is_inside(value:lower()) and "it is a name of an inner network" or nil
end

local function refuses_url(value)
  local host = value:match "^[hH][tT][tT][pP][sS]?://([^/?#]+)"
  if not host or host:find("@", 1, true) then
    return "it is no link that can be blocked"
  end
  local address = host:match "^%[(.-)%]" or host:match "^[^:]+"
  return ip.parse(address) and refuses_ip(address) or not ip.parse(address) and refuses_domain(address) or nil
end

local KINDS = {
  { list = "ips", name = "ip", refuses = refuses_ip,
    block = function(value, options) return act.contain.block_ip({ ip = value }, options) end },
  { list = "domains", name = "domain", refuses = refuses_domain,
    block = function(value, options) return act.contain.block_domain({ domain = value }, options) end },
  { list = "urls", name = "url", refuses = refuses_url,
    block = function(value, options) return act.contain.block_url({ url = value }, options) end },
}

-- What is to be blocked, each once, and what is not, with the reason.
local function choose(args)
  local chosen, skipped, seen = {}, {}, {}
  for _, kind in ipairs(KINDS) do
    local given = args[kind.list]
    for _, value in ipairs(type(given) == "table" and given or {}) do
      local form = type(value) == "string" and text.strip(value) or ""
      form = kind.name == "ip" and ip.parse(form) or kind.name == "domain" and form:lower() or form
      local why = form == "" and "it is empty" or kind.refuses(form)
      if why or #chosen == MOST then
        skipped[#skipped + 1] = { kind = kind.name, value = text.cut(form, 300), why = why or "one call blocks no more" }
      elseif not seen[kind.name .. " " .. form] then
        seen[kind.name .. " " .. form] = true
        chosen[#chosen + 1] = { kind = kind, value = form }
      end
    end
  end
  return chosen, skipped
end

local function describe(item, word)
  return text.defang(text.cut(item.value, 200)) .. ": " .. word .. (item.why and ", " .. text.cut(item.why, 200) or "")
end

return playbook {
  name    = "block-indicators",
  summary = "Block addresses, names and links, each for a while",
  limits  = { run_for = "2d" },

  run = function(alert, args)
    local expires = type(args.expires) == "string" and time.duration(args.expires) and args.expires or EXPIRES
    local because = type(args.because) == "table" and args.because or { args.because or alert.title or "an alert" }
    local chosen, skipped = choose(args)
    local done = each(chosen, function(item)
      return item.kind.block(item.value, { expires = expires, because = because })
    end, { at_once = AT_ONCE })

    local result, lines = { blocked = {}, not_blocked = {}, skipped = skipped }, {}
    for i, item in ipairs(chosen) do
      local entry = { kind = item.kind.name, value = item.value }
      if done[i].ok then
        local narrowed = type(done[i].value) == "table" and done[i].value.narrowed
        entry.span = time.span(narrowed and narrowed.lease_ms and narrowed.lease_ms // 1000 or time.duration(expires))
        table.insert(result.blocked, entry)
        lines[#lines + 1] = describe(entry, "blocked for " .. entry.span)
      else
        entry.why = done[i].error
        table.insert(result.not_blocked, entry)
        lines[#lines + 1] = describe(entry, "not blocked")
      end
    end
    for _, entry in ipairs(skipped) do
      lines[#lines + 1] = describe(entry, "left alone")
    end
    result.count = { blocked = #result.blocked, not_blocked = #result.not_blocked, skipped = #skipped }
    result.text = #lines > 0 and text.cut(table.concat(lines, "\n"), 3000) or "there was nothing to block"
    if #lines > 0 then
      note(result.text)
    end
    return result
  end,
}
