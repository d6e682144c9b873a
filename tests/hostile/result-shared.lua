-- error: larger than 512 KiB as JSON
-- a small table that is 2^50 values
return playbook {
  name = "result-shared",
  run = function(alert)
    local t = { 1 }
    for i = 1, 50 do t = { t, t } end
    return t
  end,
}
