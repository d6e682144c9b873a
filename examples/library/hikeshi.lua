-- The whole library of playbooks, bound to plugins that come with the engine:
--
--   hikeshi serve --data data --config examples/library/hikeshi.lua
--
-- README.md beside this file says what to change first. Every key: sdk/docs/configuration.md.

local PLAYBOOKS = "../../playbooks/"

local function playbooks(names)
  local list = {}
  for i, name in ipairs(names) do
    list[i] = PLAYBOOKS .. name .. ".lua"
  end
  return list
end

return hikeshi {
  listen = "127.0.0.1:8686",

  tenants = {
    main = {
      playbooks = playbooks {
        -- what alerts start
        "contain-bruteforce", "contain-scanner", "contain-exploit", "enrich-network", "c2-beacon", "malware-download",
        "phishing-report", "impossible-travel", "data-going-out",
        -- what those call
        "enrich-indicators", "block-indicators", "open-case", "close-case", "notify-and-escalate", "find-manager",
        "release-case",
      },

      plugins = {
        -- What is known: lists of your own and of whoever you trust.
        intel = {
          options = { lists = {
            { file = "./lists/own.txt", name = "our own", verdict = "good" },
            { file = "./lists/bad.txt", name = "what others saw", verdict = "bad" },
          } },
          grants  = { "read:./lists" },
        },
        -- Lists of addresses, names and URLs that firewalls, resolvers and proxies poll.
        edl  = {},
        -- Who somebody's manager is: GET users/NAME of your directory's gateway.
        http = {
          options = { hosts = { directory = { url = "https://directory.corp.example/api/" } } },
          grants  = { "net-private:directory.corp.example:443" },
        },
        -- On a machine that forwards packets, in place of or beside the list (sdk/docs/nftables.md):
        -- nftables = { grants = { "net_admin" } },
      },

      -- What playbooks mean when they name no product.
      capabilities = {
        ["enrich.lookup"]        = "intel.lookup",
        ["contain.block_ip"]     = "edl.block_ip", -- or "nftables.block", with "nftables.unblock" below
        ["release.block_ip"]     = "edl.unblock_ip",
        ["contain.block_domain"] = "edl.block_domain",
        ["release.block_domain"] = "edl.unblock_domain",
        ["contain.block_url"]    = "edl.block_url",
        ["release.block_url"]    = "edl.unblock_url",
      },

      -- Who says yes. The first rule that matches counts.
      authority = {
        { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "1h" },
      },
      budgets = { { kind = "contain", per_hour = 60 } },

      -- Never acted on, whatever the rules and approvals say.
      protected = {
        { target = "127.0.0.0/8", reason = "this machine" },
        { target = "::1", reason = "this machine" },
        { target = "192.0.2.1", reason = "the gateway; put your own here" },
        { target = "*.corp.example", reason = "our own names; put yours here" },
      },

      -- What nobody could do by program becomes a task with these words.
      fallback = {
        ["contain.block_ip"]     = { instruction = "Block {ip} on the firewall. {reason}", due = "30m" },
        ["contain.block_domain"] = { instruction = "Have the resolvers refuse {domain}. {reason}", due = "30m" },
        ["contain.block_url"]    = { instruction = "Block {url} on the proxy. {reason}", due = "30m" },
      },

      -- Who is told, and how. Users of these names are made with `hikeshi user add`.
      channels = { mail = { kind = "smtp", host = "127.0.0.1", port = 25, tls = "none", from = "hikeshi@soc.example" } },
      contacts = {
        { name = "analyst-1", user = "analyst-1", channels = { mail = "analyst-1@soc.example" } },
        { name = "duty-officer", user = "duty-officer", level = "tier2", channels = { mail = "duty@soc.example" } },
        -- Whom questions about people go to: by the name that the directory gives, or all of this level.
        { name = "manager-1", user = "manager-1", level = "managers", channels = { mail = "manager-1@corp.example" } },
      },
      notices = { escalate_to = "tier2", answer_within = "15m" },
    },
  },
}
