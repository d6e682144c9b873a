-- limit
-- many comparisons of long texts between two looks
return playbook {
  name = "compare-many",
  run = function(alert)
    local a = ('x'):rep(5000000)
    local b = a .. 'x'
    local c
    while true do
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
      c = a < b c = a <= b c = a == b c = b < a
    end
    act.p.survived {}
  end,
}
