-- Tests of find-manager.lua

test("the directory says who it is", function(t)
  t.on("http.get", { status = 200, found = true, json = { manager = "manager-1" } })
  for _, user in ipairs { "clerk-1", "CORP\\clerk-1", "clerk-1@corp.example" } do
    t.run({}, { user = user })
    t.did("http.get", { host = "directory", path = { "users", "clerk-1" } })
    t.returned { to = "manager-1", known = true }
  end
end)

test("what an alert calls a user leads nowhere else", function(t)
  t.on("http.get", { status = 404, found = false })
  t.run({}, { user = "../admin/secret?x=1" })
  t.did("http.get", { path = { "users", "../admin/secret?x=1" } })
end)

test("a directory that is silent is asked twice, then it is all managers", function(t)
  t.on("http.get", t.fails "the server is silent")
  t.run({}, { user = "clerk-1" })
  t.equal(t.count "http.get", 2)
  t.noted "the server is silent"
  t.returned { to = "managers", known = false, why = "the server is silent" }
end)

test("an answer that is none is no manager", function(t)
  for _, answer in ipairs {
    { status = 404, found = false }, { status = 200, found = true, json = {} }, { status = 200, found = true, json = "manager-1" },
    { status = 200, found = true, json = { manager = { "a" } } }, { status = 200, found = true, json = { manager = "Bad Name\n" } },
  } do
    t.on("http.get", answer)
    local run = t.run({}, { user = "clerk-1" })
    t.equal(run.value.to, "managers")
    t.equal(run.value.known, false)
  end
end)

test("without a user nobody is looked up", function(t)
  for _, user in ipairs { "", 7, ("u"):rep(300) } do
    t.run({}, { user = user })
    t.order {}
    t.returned { to = "managers", known = false, why = "no user was named" }
  end
end)
