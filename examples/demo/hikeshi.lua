-- The demo's configuration: a provider with two customers. See examples/quickstart for one to begin with.

-- What blocks: a packet filter in the network namespace "site", or a block list that a firewall polls.
local FIREWALL = "edl"
local blocks = {
  nftables = { "nftables.block", "nftables.unblock" },
  edl      = { "edl.block_ip", "edl.unblock_ip" },
}

local function customer(more)
  local tenant = {
    playbooks = { "playbooks/contain-source.lua", "playbooks/triage.lua" },
    plugins = {
      edl = {},
      intel = {
        options = { lists = {
          { file = "./lists/own-scanners.txt" },
          { file = "./lists/seen-bad.txt" },
        } },
        grants = { "read:./lists" },
      },
    },
    capabilities = { ["contain.block_ip"] = blocks[FIREWALL][1], ["release.block_ip"] = blocks[FIREWALL][2] },
    authority = {
      { name = "blocks-need-a-person", kind = "contain", outcome = "ask", role = "approver", expires = "1h" },
    },
    protected = { { target = "192.0.2.0/24", reason = "our own network" } },
    budgets = { { kind = "contain", per_hour = 20 } },
  }
  for key, value in pairs(more) do
    tenant[key] = value
  end
  if FIREWALL == "nftables" and more.sources then
    tenant.plugins.nftables = { grants = { "net_admin:site" } }
  else
    tenant.capabilities = { ["contain.block_ip"] = blocks.edl[1], ["release.block_ip"] = blocks.edl[2] }
  end
  return tenant
end

return hikeshi {
  listen = "127.0.0.1:8686",         -- demo.sh names a free port
  checkpoint_sink = "checkpoints",   -- a copy of each checkpoint, outside the data folder
  tenants = {
    clinic = customer { sources = { ids = { kind = "file", path = "./eve.json", product = "suricata" } } },
    harbour = customer {},
  },
}
