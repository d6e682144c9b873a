-- A provider with two customers: clinic wants to be told what to do, harbour has it done.
-- README.md beside this file says how to put it into service. Every key: sdk/docs/configuration.md.

local ZONE = "+09:00"
local NIGHT = { from = "19:00", to = "08:00", zone = ZONE }

-- What both have: the same playbooks, and what the provider itself owns.
local function customer(more)
  local tenant = {
    playbooks = {
      "../../playbooks/contain-bruteforce.lua",
      "../../playbooks/contain-scanner.lua",
      "../../playbooks/enrich-network.lua",
    },
    plugins = {
      intel = {
        options = { lists = { { file = "./lists/scanners.txt", name = "the provider's scanners", verdict = "good" } } },
        grants  = { "read:./lists" },
      },
      edl = {},
    },
    capabilities = {
      ["contain.block_ip"] = "edl.block_ip",
      ["release.block_ip"] = "edl.unblock_ip",
      ["enrich.lookup"]    = "intel.lookup",
    },
    -- People decide in a session, with a code for what changes a customer's network.
    login   = { totp = "required", decide_by = "session", step_up = { "contain", "release" } },
    budgets = { { kind = "contain", per_hour = 20 } },
    -- Mail goes through the provider's server, under a password that no other program has.
    channels = {
      mail = {
        kind = "smtp", host = "mail.provider.example", user = "hikeshi", password = secret "mail",
        from = "soc@provider.example", from_name = "SOC",
      },
    },
  }
  for key, value in pairs(more) do
    tenant[key] = value
  end
  return tenant
end

-- The provider's own people, for each customer. Their users are made in each tenant, see README.md.
local function contacts(customers_own)
  local list = {
    { name = "analyst-1", user = "analyst-1", order = 1, channels = { mail = "analyst-1@provider.example" } },
    { name = "analyst-2", user = "analyst-2", order = 2, channels = { mail = "analyst-2@provider.example" } },
    { name = "duty-officer", user = "duty-officer", level = "second", channels = { mail = "duty@provider.example" } },
  }
  for _, contact in ipairs(customers_own) do
    list[#list + 1] = contact
  end
  return list
end

return hikeshi {
  listen = "127.0.0.1:8686",
  -- For browsers, firewalls and webhooks from elsewhere:
  --   listen = "0.0.0.0:8443",
  --   tls    = { cert = "./soc.pem", key = "./soc.key", plain = "127.0.0.1:8686" },
  url = "https://soc.provider.example:8443",
  checkpoint_sink = "./checkpoints", -- better: a folder that another machine owns
  log_format = "journal",

  tenants = {
    -- Watches its own network and acts itself: what we would do becomes a task for its people.
    clinic = customer {
      mode    = "recommend",
      secrets = { mail = "./secrets/mail", ["clinic-edr"] = "./secrets/clinic-edr" },
      sources = {
        -- The firewall sends syslog from the clinic's end of the tunnel.
        firewall = { kind = "syslog", listen = { udp = "127.0.0.1:5514", tcp = "127.0.0.1:5514" },
                     from = { "127.0.0.1", "192.0.2.0/28" }, zone = ZONE },
        -- The endpoint product signs what it posts to /v1/intake/clinic/edr.
        edr = { kind = "webhook", auth = { scheme = "standard-webhooks", secret = secret "clinic-edr" },
                short_path = false },
      },
      authority = {
        { name = "wards-never", kind = "contain", targets = { "list:wards" }, outcome = "deny" },
        { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "1h" },
      },
      lists = { wards = { "192.0.2.128/26", "*.ward.clinic.example" } },
      protected = {
        { target = "192.0.2.1", reason = "the clinic's gateway" },
        { target = "*.pacs.clinic.example", reason = "imaging: stopping it stops the theatre" },
        { target = "198.51.100.0/28", mode = "ask", reason = "the laboratory that the clinic works with" },
      },
      -- What a task says when there is something to be done by hand.
      fallback = {
        ["contain.block_ip"] = {
          owner       = "clinic-1",
          instruction = "Block {ip} on the firewall, rule group soc-block. Why: see the alert in this task",
          undo        = "Take {ip} out of the rule group soc-block",
          due         = "30m",
        },
      },
      contacts = contacts {
        { name = "clinic-1", user = "clinic-1", language = "ja", channels = { mail = "it@clinic.example" },
          only = { "task", "escalation", "digest" },
          hours = { days = { "mon", "tue", "wed", "thu", "fri" }, from = "08:30", to = "17:30", zone = ZONE } },
      },
      notices = { zone = ZONE, answer_within = "20m", escalate_to = "second",
                  digest = { at = "08:30", to = "clinic-1" } },
      gaps    = { silent_after = { firewall = "30m" } },
    },

    -- Has us act: at night at once when it is critical, else after a person's yes.
    harbour = customer {
      mode    = "act",
      secrets = { mail = "./secrets/mail", ["harbour-siem"] = "./secrets/harbour-siem" },
      sources = {
        sensor = { kind = "file", path = "/var/log/harbour/eve*.json", product = "suricata", start = "end" },
        siem   = { kind = "webhook", auth = { scheme = "hmac", secret = secret "harbour-siem", header = "X-Signature",
                                              prefix = "sha256=", time_header = "X-Timestamp" },
                   short_path = false },
      },
      authority = {
        { name = "cranes-need-two", kind = "contain", targets = { "list:cranes" }, outcome = "ask", quorum = 2 },
        { name = "critical-at-night", kind = "contain", severity = at_least "critical", hours = NIGHT,
          outcome = "do_then_tell" },
        { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "30m" },
      },
      lists = { cranes = { "203.0.113.64/27" } },
      protected = {
        { target = "203.0.113.1", reason = "the harbour's gateway" },
        { target = "203.0.113.8/29", reason = "traffic control" },
      },
      fallback = { contain = { owner = "duty-officer", due = "15m" } },
      contacts = contacts {
        { name = "harbour-1", user = "harbour-1", level = "second", order = 2,
          channels = { mail = "security@harbour.example" } },
      },
      notices = { zone = ZONE, answer_within = "10m", remind_every = "5m", escalate_to = "second",
                  digest = { at = "09:00", to = "harbour-1" } },
      gaps    = { silent_after = { sensor = "15m" } },
    },
  },
}
