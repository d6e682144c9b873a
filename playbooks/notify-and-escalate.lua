-- A block to call: tell somebody, wait for a word, and hand it on when none comes.
--
--   local told = call "notify-and-escalate" { text = "…", to = "tier1", answer_within = "30m", escalate_to = "tier2" }
--
-- RE&CT has no response action for it; RA1007 develop communication map is what it rests on: the contacts of the configuration.
-- Needs contacts and channels, see sdk/docs/notices.md.

local WITHIN = "30m"
local TAKEN  = "I take it"
local TEXT   = 3500

-- A text of the caller's, of at most so many bytes; nil when it is none.
local function short(value, size)
  return type(value) == "string" and value ~= "" and text.cut(value, size) or nil
end

-- Tell a level or contact; when there is none of that name, the first level.
local function tell(how, to, message)
  local told, why = how { to = to, text = message }
  if not told and to then
    note("not told to " .. to .. ": " .. why)
    told, why = how { text = message }
  end
  return told, why
end

return playbook {
  name    = "notify-and-escalate",
  summary = "Tell somebody, wait for a word, and hand it on when none comes",
  limits  = { run_for = "2d" },

  run = function(alert, args)
    local message = short(args.text, TEXT) or short(alert.title, TEXT) or "an alert without a title"
    local within = type(args.answer_within) == "string" and time.duration(args.answer_within) and args.answer_within or WITHIN
    local told, why = tell(notify, short(args.to, 63), message)
    if not told then
      note("nobody was told: " .. why)
    end

    local answer, silence = ask {
      question = short(args.question, 500) or "Who takes this on? " .. text.cut(message, 300),
      choices  = { TAKEN },
      role     = short(args.role, 63) or "analyst",
      timeout  = within,
      because  = { message },
    }
    if answer == TAKEN then
      return { told = told or false, taken = true, escalated = false }
    end
    local escalated, refused = tell(escalate, short(args.escalate_to, 63), "Nobody took it on within " .. within .. ". " .. message)
    if not escalated then
      note("not handed on: " .. refused)
    end
    return { told = told or false, taken = false, escalated = escalated or false, why = silence }
  end,
}
