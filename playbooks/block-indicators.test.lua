-- Tests of block-indicators.lua

local listed = { listed = true, already = false, entries = 1 }

local function blocks(t)
  for _, name in ipairs { "contain.block_ip", "contain.block_domain", "contain.block_url" } do
    t.on(name, listed)
  end
end

test("each kind goes to its own capability, with the reasons and the time of the caller", function(t)
  blocks(t)
  local run = t.run({}, {
    ips = { "198.51.100.7", "198.51.100.7" }, domains = { "Evil.example" }, urls = { "http://evil.example/kit.zip" },
    because = { "a beacon every minute", { known_bad = true } }, expires = "1d",
  })
  t.did("contain.block_ip", { ip = "198.51.100.7" }, { expires = "1d", because = { "a beacon every minute", { known_bad = true } } })
  t.did("contain.block_domain", { domain = "evil.example" }, { expires = "1d" })
  t.did("contain.block_url", { url = "http://evil.example/kit.zip" }, { expires = "1d" })
  t.equal(t.count "contain.block_ip", 1)
  t.equal(run.value.count, { blocked = 3, not_blocked = 0, skipped = 0 })
  t.noted "198.51.100.7: blocked for 1d\nevil[.]example: blocked for 1d\nhxxp[:]//evil[.]example/kit[.]zip: blocked for 1d"
end)

test("what leads inside, or nowhere, is left alone", function(t)
  blocks(t)
  for _, address in ipairs { "10.0.0.1", "127.0.0.1", "fe80::1", "fd00::1", "224.0.0.1", "255.255.255.255", "100.64.0.1",
                             "169.254.169.254", "not-an-address" } do
    t.run({}, { ips = { address } })
    t.did_not "contain.block_ip"
  end
  for _, name in ipairs { "printer", "dc1.corp", "nas.local", "1.0.0.127.in-addr.arpa", "192.0.2.1", "host.internal." } do
    t.run({}, { domains = { name } })
    t.did_not "contain.block_domain"
  end
  for _, url in ipairs { "evil.example/a", "ftp://evil.example/", "http://10.0.0.1/a", "http://[fe80::1]/", "http://nas/a",
                         "http://user@evil.example/", "javascript:alert(1)", "" } do
    local run = t.run({}, { urls = { url } })
    t.did_not "contain.block_url"
    t.equal(run.value.count.skipped, 1)
  end
end)

test("no, denied, silence and a plugin that fails stop the one, not the others", function(t)
  t.on("contain.block_ip", t.rejects "it is our partner", t.denies "protected: the gateway", t.fails "the list is full",
    t.expires(), listed)
  local run = t.run({}, { ips = { "198.51.100.1", "198.51.100.2", "198.51.100.3", "198.51.100.4", "198.51.100.5" } })
  t.equal(run.value.count, { blocked = 1, not_blocked = 4, skipped = 0 })
  t.equal(run.value.blocked[1].value, "198.51.100.5")
  t.noted "198.51.100.1: not blocked, rejected: it is our partner"
  t.noted "198.51.100.2: not blocked, denied by protected: the gateway"
  t.noted "198.51.100.3: not blocked, the list is full"
end)

test("what a person narrowed is what is said", function(t)
  t.on("contain.block_ip", t.narrows({ args = { ip = "198.51.100.7" }, lease = "1h" }, listed))
  t.run({}, { ips = { "198.51.100.7" } })
  t.noted "blocked for 1h"
end)

test("a block of which nobody knows whether it was done holds it up", function(t)
  t.on("contain.block_ip", t.unknown())
  t.run({}, { ips = { "198.51.100.7" } })
  t.held()
end)

test("a caller who says little gets four hours, and the alert's title as the reason", function(t)
  blocks(t)
  t.run({ title = "a beacon" }, { ips = { "198.51.100.7" }, expires = "soon" })
  t.did("contain.block_ip", nil, { expires = "4h", because = { "a beacon" } })
end)

test("more than people can decide on with care is left alone, and told", function(t)
  blocks(t)
  local ips = {}
  for i = 1, 50 do
    ips[i] = "198.51.100." .. i
  end
  local run = t.run({}, { ips = ips })
  t.equal(run.value.count, { blocked = 40, not_blocked = 0, skipped = 10 })
end)

test("nothing to block asks nobody", function(t)
  t.run({}, { ips = "198.51.100.7", domains = {} })
  t.order {}
end)
