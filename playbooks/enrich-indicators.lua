-- A block to call: what do the lists say about addresses, names, links and digests?
--
--   local found = call "enrich-indicators" { ips = { … }, domains = { … }, urls = { … }, hashes = { … } }
--
-- RE&CT: RA2104 analyse domain name, RA2105 analyse IP, RA2106 analyse URI, RA2312 analyse file hash.
-- Needs the capability `enrich.lookup`.

local AT_ONCE = 8      -- lookups at the same time
local MOST    = 200    -- indicators in one call; what is more is counted, not looked up
local SIZE    = 2048   -- bytes of one indicator

local KINDS = { { list = "ips", name = "ip" }, { list = "domains", name = "domain" }, { list = "urls", name = "url" },
                { list = "hashes", name = "hash" } }
local WORDS = { "bad", "disputed", "good", "unknown", "failed" }

-- What is to be looked up, each once, in its one form; and how many that are none, or too many.
local function collect(args)
  local items, seen, left_out = {}, {}, 0
  for _, kind in ipairs(KINDS) do
    local given = args[kind.list]
    for _, value in ipairs(type(given) == "table" and given or {}) do
      local text = type(value) == "string" and text.strip(value) or ""
      local form = kind.name == "ip" and ip.parse(text) or kind.name ~= "ip" and text or nil
      if not form or form == "" or #form > SIZE or #items == MOST then
        left_out = left_out + 1
      elseif not seen[kind.name .. " " .. form] then
        seen[kind.name .. " " .. form] = true
        items[#items + 1] = { kind = kind, value = form }
      end
    end
  end
  return items, left_out
end

-- One word for what was found. Lists that contradict each other are for people.
local function word_of(found)
  if not found.ok then
    return "failed"
  elseif found.value.known_bad then
    return found.value.known_good and "disputed" or "bad"
  end
  return found.value.known_good and "good" or "unknown"
end

local function names_of(found)
  local names = {}
  for i, list in ipairs(found.ok and found.value.lists or {}) do
    names[i] = list.name
  end
  return table.concat(names, ", ")
end

return playbook {
  name    = "enrich-indicators",
  summary = "Say what the lists know about addresses, names, links and digests",
  limits  = { run_for = "1h" },

  run = function(_, args)
    local items, left_out = collect(args)
    local looked = each(items, function(item)
      return act.enrich.lookup { [item.kind.name] = item.value }
    end, { at_once = AT_ONCE })

    local result, lines = { count = {}, left_out = left_out }, {}
    for _, word in ipairs(WORDS) do
      result[word], result.count[word] = {}, 0
    end
    for i, item in ipairs(items) do
      local word, names = word_of(looked[i]), names_of(looked[i])
      local set = result[word]
      set[item.kind.list] = set[item.kind.list] or {}
      table.insert(set[item.kind.list], item.value)
      result.count[word] = result.count[word] + 1
      local more = word == "failed" and text.cut(looked[i].error, 200) or names
      lines[#lines + 1] = text.defang(text.cut(item.value, 200)) .. ": " .. word .. (more ~= "" and " (" .. more .. ")" or "")
    end
    if left_out > 0 then
      lines[#lines + 1] = left_out .. " more were not looked up"
    end
    result.text = #lines > 0 and text.cut(table.concat(lines, "\n"), 3000) or "there was nothing to look up"
    return result
  end,
}
