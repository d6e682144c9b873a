-- A configuration to begin with:
--
--   hikeshi serve --data data --config examples/quickstart/hikeshi.lua
--
-- With it a critical `authentication` alert whose src.ip no list knows asks an approver whether that
-- address may be blocked. Approved, it stands on the block list that firewalls fetch from
-- /lists/main/edl/blocklist.txt, for four hours or until somebody releases it.
-- Every key is explained in sdk/docs/configuration.md.

return hikeshi {
  listen = "127.0.0.1:8686",

  -- Copies of checkpoints, outside the data folder: what makes a rewritten record show.
  -- checkpoint_sink = "/var/backups/hikeshi-checkpoints",

  tenants = {
    main = {
      playbooks = {
        "../../playbooks/contain-bruteforce.lua",
        "../../playbooks/contain-scanner.lua",
        "../../playbooks/enrich-network.lua",
      },

      plugins = {
        -- What is known about an address, from local lists.
        intel = {
          options = { lists = {
            { file = "./lists/own-scanners.txt", name = "our own scanners", verdict = "good" },
          } },
          grants  = { "read:./lists" },
        },
        -- A block list that firewalls poll.
        edl = {},
      },

      -- What playbooks mean when they name no product.
      capabilities = {
        ["contain.block_ip"] = "edl.block_ip",
        ["release.block_ip"] = "edl.unblock_ip",
        ["enrich.lookup"]    = "intel.lookup",
      },

      -- Who says yes. The first rule that matches counts.
      authority = {
        { name = "a-person-says-yes", kind = "contain", outcome = "ask", role = "approver", expires = "1h" },
      },

      -- Never acted on, whatever the rules and approvals say.
      protected = {
        { target = "127.0.0.0/8", reason = "this machine" },
        { target = "::1", reason = "this machine" },
        { target = "192.0.2.1", reason = "the gateway; put your own here" },
      },
    },
  },
}
