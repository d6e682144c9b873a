-- The demo's configuration. See examples/quickstart for one to begin with.
return hikeshi {
  listen = "127.0.0.1:8686",         -- demo.sh names a free port
  checkpoint_sink = "checkpoints",   -- a copy of each checkpoint, outside the data folder
  tenants = {
    main = {
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
      capabilities = {
        ["contain.block_ip"] = "edl.block_ip",
        ["release.block_ip"] = "edl.unblock_ip",
      },
      authority = {
        { name = "blocks-need-a-person", kind = "contain", outcome = "ask", role = "approver",
          expires = "1h" },
      },
      protected = {
        { target = "192.0.2.0/24", reason = "our own network" },
      },
      budgets = { { kind = "contain", per_hour = 20 } },
    },
  },
}
