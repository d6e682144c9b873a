-- error: branches are nested too deeply
-- a branch in a branch in a branch
return playbook {
  name = "branches-deep",
  run = function(alert)
    local function deeper() return together { a = deeper } end
    return deeper()
  end,
}
