"""What TLS costs: requests on one connection, with it and without, and new connections a second."""

import datetime
import ipaddress
import os
import pathlib
import re
import subprocess
import time

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

PATIENCE_S = 120
REQUESTS = 20000
HANDSHAKE_S = 2
CONFIG = """
return hikeshi {
  tls = { cert = "%s", key = "%s", plain = "127.0.0.1:0" }, tenants = { main = {} }, log_level = "error",
}
"""


def make_pair(folder, key):
    """A certificate for this machine that signs itself."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "bench")])
    now = datetime.datetime.utcnow()
    cert = (x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
            .serial_number(1).not_valid_before(now).not_valid_after(now + datetime.timedelta(days=30))
            .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address("127.0.0.1"))]), False)
            .sign(key, hashes.SHA256()))
    (folder / "cert.pem").write_bytes(cert.public_bytes(serialization.Encoding.PEM))
    with open(os.open(folder / "key.pem", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
        out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                    serialization.NoEncryption()))


def config(folder):
    return CONFIG % (folder / "cert.pem", folder / "key.pem")


def plain_port(pid, secure_port):
    """The other port that the process listens on."""
    inodes = set()
    for fd in pathlib.Path(f"/proc/{pid}/fd").iterdir():
        try:
            found = re.fullmatch(r"socket:\[(\d+)\]", os.readlink(fd))
        except OSError:
            continue
        if found:
            inodes.add(found.group(1))
    ports = [int(fields[1].rsplit(":", 1)[1], 16)
             for fields in (line.split() for line in pathlib.Path("/proc/net/tcp").read_text().splitlines()[1:])
             if fields[3] == "0A" and fields[9] in inodes]
    return next(port for port in ports if port != int(secure_port))


def requests_a_second(url, *options):
    """Of one client that waits for each answer, on one connection."""
    begun = time.monotonic()
    subprocess.run(["curl", "-sf", "-o", "/dev/null", *options, f"{url}/livez?[1-{REQUESTS}]"], check=True,
                   timeout=PATIENCE_S)
    return REQUESTS / (time.monotonic() - begun)


def handshakes_a_second(port):
    done = subprocess.run(["openssl", "s_time", "-connect", f"127.0.0.1:{port}", "-new", "-time", str(HANDSHAKE_S)],
                          capture_output=True, text=True, timeout=PATIENCE_S)
    count, seconds = re.search(r"(\d+) connections in (\d+) real seconds", done.stdout).groups()
    return int(count) / int(seconds)


def keys():
    return {"ecdsa": ec.generate_private_key(ec.SECP256R1()),
            "rsa2048": rsa.generate_private_key(public_exponent=65537, key_size=2048)}
