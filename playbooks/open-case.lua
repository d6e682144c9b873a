-- A block to call: say in the alert's case what happens, and keep what the alert says as evidence.
--
--   local opened = call "open-case" { title = "…", happening = "…", do_now = "…", found = found.text }
--
-- RE&CT: RA6001 develop incident report (what stands in the case is its beginning).
-- Needs nothing: a case is the engine's own. The case's id comes back, or why there is none.

local TEXT = 3000     -- bytes of a text that people read first

local FACTS = {
  { "title", "title" }, { "severity", "severity" }, { "time", "time" }, { "product", "product" },
  { "source", "src.ip" }, { "source host", "src.host" }, { "destination", "dst.ip" }, { "destination host", "dst.host" },
  { "device", "device.host" }, { "device address", "device.ip" }, { "user", "user.name" }, { "mail", "user.mail" },
  { "file", "file.path" }, { "sha256", "file.sha256" }, { "link", "url" }, { "name", "domain" },
}

-- A field such as "src.ip", when it is there and a text or a number.
local function field(alert, path)
  local value = alert
  for _, name in ipairs(text.split(path, ".")) do
    value = type(value) == "table" and value[name] or nil
  end
  return (type(value) == "string" or type(value) == "number") and tostring(value) or nil
end

-- What the alert says, a fact a line, with nothing in it that could be clicked.
local function facts_of(alert)
  local lines = {}
  for _, fact in ipairs(FACTS) do
    local value = field(alert, fact[2])
    if value and value ~= "" then
      lines[#lines + 1] = fact[1] .. ": " .. text.defang(text.cut(text.strip(value), 500))
    end
  end
  return table.concat(lines, "\n")
end

-- Who and what is hit, in a line: people write it down when nobody else does.
local function scope_of(alert)
  local parts = {}
  for _, path in ipairs { "device.host", "device.ip", "user.name", "dst.host", "dst.ip" } do
    local value = field(alert, path)
    if value then
      parts[#parts + 1] = text.defang(text.cut(text.strip(value), 100))
    end
  end
  return #parts > 0 and table.concat(parts, ", ") or nil
end

local function short(value, size)
  return type(value) == "string" and value ~= "" and text.cut(value, size) or nil
end

return playbook {
  name    = "open-case",
  summary = "Say in the alert's case what happens, and keep what the alert says",
  limits  = { run_for = "1h" },

  run = function(alert, args)
    local evidence = {}
    local facts = facts_of(alert)
    if facts ~= "" then
      evidence[1] = { name = "what the alert says", text = text.cut(facts, TEXT) }
    end
    if short(args.found, TEXT) then
      evidence[#evidence + 1] = { name = "what the lists say", text = short(args.found, TEXT) }
    end
    local id, why = case {
      title     = short(args.title, 200),
      phase     = "identify",
      happening = short(args.happening, TEXT),
      do_now    = short(args.do_now, TEXT),
      impact    = short(args.impact, TEXT),
      scope     = short(args.scope, TEXT) or scope_of(alert),
      evidence  = evidence,
    }
    if not id then
      note("nothing was said in the case: " .. why)
    end
    return { case = id, why = why }
  end,
}
