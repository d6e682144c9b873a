"""web: HTTP servers that behave as the path says, well and badly, in the clear and with TLS.

As a module: `with Web(folder) as web: web.url("plain", "/echo")`. As a program, for the unit tests: `web.py FOLDER` prints
`NAME PORT` for each server, then `ready`, and ends with its standard input. FOLDER gets the certificates; `ca.pem` is the
authority of those that have one.

Servers: plain, plain6 (on ::1), tls, wrong-name, expired, self-signed, old-tls (nothing newer than TLS 1.1).
"""

import datetime
import gzip
import http.server
import ipaddress
import json
import pathlib
import socket
import ssl
import sys
import threading
import urllib.parse
import warnings

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

DAY = datetime.timedelta(days=1)
BOMB_SIZE = 32 * 1024 * 1024
NAMES = ("plain", "plain6", "tls", "wrong-name", "expired", "self-signed", "old-tls")


# ---- certificates ----

def make_key():
    return ec.generate_private_key(ec.SECP256R1())


def make_certificate(name, key, issuer, issuer_key, alternatives, first=-1, last=1, is_ca=False):
    now = datetime.datetime.utcnow()
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = (x509.CertificateBuilder()
               .subject_name(subject)
               .issuer_name(issuer.subject if issuer else subject)
               .public_key(key.public_key())
               .serial_number(x509.random_serial_number())
               .not_valid_before(now + first * DAY)
               .not_valid_after(now + last * DAY)
               .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True))
    if alternatives:
        builder = builder.add_extension(x509.SubjectAlternativeName(alternatives), critical=False)
    return builder.sign(issuer_key or key, hashes.SHA256())


def write_pem(path, *parts):
    with open(path, "wb") as file:
        for part in parts:
            if isinstance(part, x509.Certificate):
                file.write(part.public_bytes(serialization.Encoding.PEM))
            else:
                file.write(part.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                              serialization.NoEncryption()))


def make_certificates(folder):
    here = [x509.DNSName("localhost"), x509.IPAddress(ipaddress.ip_address("127.0.0.1")),
            x509.IPAddress(ipaddress.ip_address("::1"))]
    other = [x509.DNSName("other.example")]
    ca_key = make_key()
    ca = make_certificate("Test authority", ca_key, None, None, None, is_ca=True)
    write_pem(folder / "ca.pem", ca)
    for name, alternatives, dates in (("tls", here, {}), ("wrong-name", other, {}),
                                      ("expired", here, {"first": -3, "last": -1}), ("old-tls", here, {})):
        key = make_key()
        write_pem(folder / f"{name}.pem", make_certificate("server", key, ca, ca_key, alternatives, **dates), key)
    key = make_key()
    write_pem(folder / "self-signed.pem", make_certificate("server", key, None, None, here), key)


def make_context(folder, name):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / f"{name}.pem")
    if name == "old-tls":
        context.set_ciphers("ALL:@SECLEVEL=0")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            context.minimum_version = ssl.TLSVersion.TLSv1
            context.maximum_version = ssl.TLSVersion.TLSv1_1
    return context


# ---- what a path does ----

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def body(self):
        return self.rfile.read(int(self.headers.get("Content-Length", 0)))

    def send(self, status, body, kind="text/plain", **headers):
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def raw(self, data):
        self.wfile.write(data)
        self.wfile.flush()

    def do(self):
        parts = urllib.parse.urlsplit(self.path)
        query = dict(urllib.parse.parse_qsl(parts.query))
        body = self.body()
        with self.server.lock:
            self.server.hits.append({"method": self.command, "path": self.path, "body": body.decode("latin-1"),
                                     "headers": {name.lower(): value for name, value in self.headers.items()}})
        name = parts.path.split("/")[-1].replace("-", "_")
        action = getattr(self, "do_" + name, None)
        if action is None:
            self.send(404, b"nothing here")
        else:
            action(query, body)

    do_GET = do_POST = do_PUT = do_PATCH = do_DELETE = do_HEAD = do_OPTIONS = do

    def do_echo(self, query, body):
        with self.server.lock:
            answer = json.dumps(self.server.hits[-1]).encode()
        self.send(200, answer, "application/json", X_Two=" two  words ")

    def do_hits(self, query, body):
        with self.server.lock:
            answer = json.dumps(self.server.hits[:-1]).encode()
        self.send(200, answer, "application/json")

    def do_status(self, query, body):
        self.send(int(query["code"]), query.get("text", "").encode(), query.get("kind", "text/plain"))

    def do_text(self, query, body):
        self.send(200, query.get("text", "hello").encode(), query.get("kind", "text/plain"))

    def do_bytes(self, query, body):
        self.send(200, b"\xff\xfe\x00bytes", "application/octet-stream")

    def do_big(self, query, body):
        self.send(200, b"x" * int(query["size"]))

    def do_redirect(self, query, body):
        self.send(int(query.get("code", 302)), b"moved", Location=query["to"])

    def do_loop(self, query, body):
        self.send(302, b"again", Location="loop")

    def do_slow_head(self, query, body):
        self.rfile.read(1)  # until the other side gives up

    def do_slow_body(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nslow")
        self.rfile.read(1)

    def do_endless(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            self.raw(b"10000\r\n" + b"x" * 65536 + b"\r\n")

    def do_close_before(self, query, body):
        self.close_connection = True

    def do_close_head(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Le")
        self.close_connection = True

    def do_close_body(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\npart")
        self.close_connection = True

    def do_gzip(self, query, body):
        self.send(200, gzip.compress(b"\0" * BOMB_SIZE), Content_Encoding="gzip")

    def do_gzip_transfer(self, query, body):
        data = gzip.compress(b"\0" * BOMB_SIZE)
        self.raw(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n%x\r\n%s\r\n0\r\n\r\n"
                 % (len(data), data))
        self.close_connection = True

    def do_many_headers(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\n" + b"".join(b"X-%d: y\r\n" % i for i in range(100000)))

    def do_long_header(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nX-Long: " + b"y" * 1000000)

    def do_interim(self, query, body):
        for _ in range(100000):
            self.raw(b"HTTP/1.1 102 Processing\r\n\r\n" * 64)

    def do_early_hints(self, query, body):
        self.raw(b"HTTP/1.1 103 Early Hints\r\nX-Early: yes\r\n\r\n")
        self.send(200, b"late", X_Late="yes")

    def do_nonsense(self, query, body):
        self.raw(b"SSH-2.0-nothing\r\n")
        self.close_connection = True

    def do_bad_header(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nno colon here\r\nContent-Length: 0\r\n\r\n")
        self.close_connection = True

    def do_latin(self, query, body):
        self.raw(b"HTTP/1.1 200 OK\r\nX-Name: Caf\xe9\r\nContent-Length: 2\r\n\r\nok")


class Server(http.server.ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128

    def __init__(self, host, context, hits, lock):
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        super().__init__((host, 0), Handler)
        self.context = context
        self.hits = hits
        self.lock = lock

    def finish_request(self, request, client_address):
        if self.context is not None:  # in the connection's own thread, so that nobody waits for a slow one
            request = self.context.wrap_socket(request, server_side=True)
        super().finish_request(request, client_address)
        try:
            request.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def handle_error(self, request, client_address):
        pass  # clients that go away are what some tests are about


class Web:
    """All servers. hits is what was asked of any of them, in order."""

    def __init__(self, folder, names=NAMES):
        self.folder = pathlib.Path(folder)
        self.hits = []
        self.lock = threading.Lock()
        make_certificates(self.folder)
        self.authorities = (self.folder / "ca.pem").read_text()
        self.servers = {}
        for name in names:
            context = None if name.startswith("plain") else make_context(self.folder, name)
            host = "::1" if name == "plain6" else "127.0.0.1"
            try:
                self.servers[name] = Server(host, context, self.hits, self.lock)
            except OSError:
                if name != "plain6":  # a machine without IPv6
                    raise

    def __enter__(self):
        for server in self.servers.values():
            threading.Thread(target=server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *args):
        for server in self.servers.values():
            server.shutdown()
            server.server_close()

    def port(self, name):
        return self.servers[name].server_address[1]

    def url(self, name, path="/", host=None):
        if host is None:
            host = "[::1]" if name == "plain6" else "localhost"
        scheme = "http" if name.startswith("plain") else "https"
        return f"{scheme}://{host}:{self.port(name)}{path}"

    def seen(self, path):
        """What was asked for below a path."""
        with self.lock:
            return [hit for hit in self.hits if hit["path"].startswith(path)]


def main():
    with Web(sys.argv[1]) as web:
        for name in web.servers:
            print(name, web.port(name))
        print("ready", flush=True)
        sys.stdin.read()


if __name__ == "__main__":
    main()
