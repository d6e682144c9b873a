"""Fixtures: an engine for a file of tests, and tokens for each role."""

import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).parent))

from engine import Engine, tenant_lua  # noqa: E402

ROLES = ["viewer", "analyst", "approver", "responder", "author", "auditor", "tenant-admin"]


@pytest.fixture(scope="module")
def engine():
    it = Engine()
    try:
        yield it.start()
    finally:
        it.remove()


@pytest.fixture(scope="module")
def tokens(engine):
    """A person's token for each role."""
    return {role: engine.token(user=f"{role}-1", role=role) for role in ROLES}


@pytest.fixture(scope="module")
def sensor(engine):
    """A service's token that may send alerts."""
    return engine.token(service="sensor-1", role="analyst")


@pytest.fixture
def fresh():
    """An engine that isn't started yet."""
    it = Engine()
    try:
        yield it
    finally:
        it.remove()


@pytest.fixture(scope="module")
def two_tenants():
    tenant = tenant_lua()
    it = Engine("return hikeshi { tenants = { one = %s, two = %s } }" % (tenant, tenant))
    try:
        yield it.start()
    finally:
        it.remove()
