"""A capability is only as good as what is bound to it."""

import time

from engine import Engine, alert, tenant_lua


def test_a_lookup_is_no_containment():
    """What is bound to contain.* must contain, or it would be done without anybody being asked."""
    tenant = tenant_lua().replace('"edl.block_ip"', '"intel.lookup"')
    it = Engine("return hikeshi { tenants = { main = %s } }" % tenant)
    try:
        it.start()
        sensor = it.token(service="sensor-1", role="analyst")
        assert it.post("/v1/alerts", sensor, alert(7)).status == 202
        end = time.monotonic() + 10
        while not it.get("/v1/runs?state=finished", sensor).json["items"]:
            assert time.monotonic() < end
            time.sleep(0.05)
        record = it.get("/v1/tenants/main/audit/entries?limit=500", sensor).body.decode()
        assert "contain.block_ip is bound to intel.lookup, which is of kind enrich" in record
        assert "containment.starting" not in record
        assert it.get("/v1/approvals", sensor).json["items"] == []
    finally:
        it.remove()
