"""A real Prometheus scrapes /metrics, and what it stored can be asked for."""

import json
import shutil
import socket
import subprocess
import urllib.parse
import urllib.request

import pytest

from engine import alert
from waiting import until

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")


def free_port():
    with socket.socket() as place:
        place.bind(("127.0.0.1", 0))
        return place.getsockname()[1]


@pytest.fixture
def prometheus(engine, tmp_path):
    port = free_port()
    (tmp_path / "prometheus.yml").write_text(f"""
global:
  scrape_interval: 200ms
  scrape_timeout: 200ms
scrape_configs:
  - job_name: hikeshi
    static_configs:
      - targets: ["{engine.url.removeprefix('http://')}"]
""")
    process = subprocess.Popen(
        ["prometheus", f"--config.file={tmp_path}/prometheus.yml", f"--storage.tsdb.path={tmp_path}/data",
         f"--web.listen-address=127.0.0.1:{port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def ask(query):
        url = f"http://127.0.0.1:{port}/api/v1/query?" + urllib.parse.urlencode({"query": query})
        try:
            with urllib.request.urlopen(url, timeout=10) as answer:
                return json.load(answer)["data"]["result"]
        except OSError:
            return []

    yield ask
    process.terminate()
    process.wait(30)


def test_prometheus_reads_the_figures(engine, sensor, prometheus):
    until(lambda: [item for item in prometheus("up{job='hikeshi'}") if item["value"][1] == "1"], "a scrape")
    engine.post("/v1/alerts", sensor, alert(1, severity="low"))
    engine.post("/v1/alerts", sensor, alert(2, severity="low"))
    until(lambda: any(float(item["value"][1]) >= 2 for item in prometheus("hikeshi_alerts_taken_total")),
          "the alerts to be counted")
    assert prometheus("scrape_samples_scraped{job='hikeshi'}")[0]["value"][1] != "0"


def test_promtool_finds_nothing_to_mend(engine):
    if shutil.which("promtool") is None:
        pytest.skip("promtool is not installed")
    text = engine.get("/metrics").body
    done = subprocess.run(["promtool", "check", "metrics"], input=text, capture_output=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
