-- A block to call: who answers for a user? Asks the directory, and gives the name of a contact.
--
--   local asked = call "find-manager" { user = "clerk-1" }   -- { to = "manager-1", known = true }
--
-- RE&CT has no response action for it; RA1007 develop communication map is what it rests on.
-- Needs the plugin `http` with a host called `directory` that answers GET users/NAME with {"manager": "CONTACT"}. Whoever
-- has another directory writes a playbook of this name.

local LEVEL = "managers"   -- a level of the contacts, for when the directory doesn't know

return playbook {
  name    = "find-manager",
  summary = "Say who answers for a user",
  limits  = { run_for = "1h" },

  run = function(_, args)
    local user = type(args.user) == "string" and text.strip(args.user) or ""
    if user == "" or #user > 200 then
      return { to = LEVEL, known = false, why = "no user was named" }
    end
    -- DOMAIN\user and user@domain are the user; what came with an alert stands in a part of the path of its own.
    local name = (user:match "([^\\]+)$" or user):match "^([^@]+)" or user
    local found, why = retry(function()
      return act.http.get { host = "directory", path = { "users", name }, as = "json" }
    end, { times = 2, first = "5s" })
    if not found then
      note("the directory was not asked: " .. why)
      return { to = LEVEL, known = false, why = why }
    end
    local manager = type(found.json) == "table" and found.json.manager
    if not found.found or type(manager) ~= "string" or not manager:find "^[a-z0-9_-]+$" or #manager > 63 then
      return { to = LEVEL, known = false, why = "the directory knows no manager of " .. name }
    end
    return { to = manager, known = true }
  end,
}
