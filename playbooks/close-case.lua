-- A block to call: say how it ended, in the case and in the alert's verdict.
--
--   call "close-case" { verdict = "true_positive", note = "…", happening = "…", do_now = "…" }
--
-- RE&CT: RA6001 develop incident report (what stands in the case is its draft).
-- Needs nothing. It releases nothing: leases end by themselves, or by `release-case`.

local VERDICTS = { true_positive = "learn", false_positive = "learn", expected = "learn", undetermined = false }
local TEXT = 3000

local function short(value)
  return type(value) == "string" and value ~= "" and text.cut(value, TEXT) or nil
end

return playbook {
  name    = "close-case",
  summary = "Say how it ended, in the case and in the alert's verdict",
  limits  = { run_for = "1h" },

  run = function(_, args)
    -- What nobody could determine stays in the phase where people find it.
    local verdict = VERDICTS[args.verdict] ~= nil and args.verdict or "undetermined"
    local said, why = case {
      phase     = VERDICTS[verdict] or nil,
      happening = short(args.happening) or short(args.note),
      do_now    = short(args.do_now) or (verdict == "undetermined" and "Look at it: no verdict could be given" or "Nothing"),
    }
    if not said then
      note("nothing was said in the case: " .. why)
    end
    return close { verdict = verdict, note = short(args.note) or "no note was given" }
  end,
}
