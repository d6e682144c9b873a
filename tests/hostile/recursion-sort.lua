-- limit
-- a comparator that sorts
return playbook {
  name = "recursion-sort",
  run = function(alert)
    local function less() local t = { 1, 2 } table.sort(t, less) return true end
    while true do pcall(less) end
    act.p.survived {}
  end,
}
