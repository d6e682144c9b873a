-- limit
-- tables in tables
return playbook {
  name = "table-nested",
  run = function(alert)
    local t = {}
    while true do t = { t } end
    act.p.survived {}
  end,
}
