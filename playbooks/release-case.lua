-- A block to call: take back everything that the alert's case contains, once a person says so.
--
--   local back = call "release-case" { reason = "the owner says that it was planned" }
--
-- RE&CT: RA5101 unblock blocked IP, RA5102 unblock blocked domain, RA5103 unblock blocked URL.
-- Needs the capabilities `release.…` beside each `contain.…` (the plugins bring them). It asks, since a case may hold what
-- other alerts led to.

local TIMEOUT = "8h"
local YES, NO = "release all of it", "leave it"

return playbook {
  name    = "release-case",
  summary = "Take back everything that the case contains, once a person says so",
  limits  = { run_for = "1d" },

  run = function(_, args)
    local reason = type(args.reason) == "string" and args.reason ~= "" and text.cut(args.reason, 1000) or "it is not needed any more"
    local answer, silence = ask {
      question  = "Release everything that this case contains, also what its other alerts led to?",
      choices   = { YES, NO },
      role      = "approver",
      timeout   = type(args.timeout) == "string" and time.duration(args.timeout) and args.timeout or TIMEOUT,
      because   = { reason },
    }
    if answer ~= YES then
      local why = answer == NO and "a person wants it left" or silence or "nobody wants it released"
      note("not released: " .. why)
      return { released = 0, by_hand = 0, not_released = 0, why = why }
    end

    local total = { released = 0, by_hand = 0, not_released = 0 }
    for _ = 1, 10 do -- 200 containments at once
      local done, why = release { reason = reason }
      if not done then
        note("not released: " .. why)
        escalate { text = "The case could not be released: " .. text.cut(why, 2000) }
        total.why = why
        return total
      end
      for name in pairs({ released = 1, by_hand = 1, not_released = 1 }) do
        total[name] = total[name] + done[name]
      end
      if not done.more or done.released == 0 then
        break
      end
    end
    note("released " .. total.released .. ", to be undone by hand " .. total.by_hand .. ", not released " .. total.not_released)
    if total.not_released > 0 then
      escalate { text = total.not_released .. " of what the case contained could not be released: see hikeshi contain list --active" }
    end
    return total
  end,
}
