"""A real mail server (Exim, Debian's own) with its own configuration, spool and port, and hurdles to put before it.

It runs as whoever runs the tests; nothing of the machine's own mail is touched. `why_not()` says what is missing.
"""

import email
import email.policy
import grp
import os
import pathlib
import pwd
import shutil
import signal
import socket
import ssl
import subprocess
import tempfile
import threading

from waiting import until

EXIM = shutil.which("exim4", path="/usr/sbin:/usr/bin")
PATIENCE_S = 30
CONFIG = """primary_hostname = localhost
exim_user = {user}
exim_group = {group}
never_users =
trusted_users = {user}
spool_directory = {folder}/spool
log_file_path = {folder}/spool/%slog
pid_file_path = {folder}/spool/pid
local_interfaces = 127.0.0.1
daemon_smtp_ports = {port}
smtp_accept_max = 200
smtp_accept_queue_per_connection = 0
deliver_queue_load_max = 1000
queue_only_load = 1000
smtp_load_reserve = 1000
deliver_drop_privilege
acl_smtp_rcpt = rcpt
{tls}
begin acl
rcpt:
{acl}
  accept domains = {domain}
  deny message = not here

begin routers
box:
  driver = accept
  transport = box

begin transports
box:
  driver = appendfile
  maildir_format
  directory = {folder}/box
  create_directory
  user = {user}
  group = {group}

begin retry
* * F,2h,1m

begin authenticators
{auth}
"""
PLAIN = """plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{hikeshi}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_advertise_condition = ${{if def:tls_in_cipher}}
"""


def why_not():
    """Why no mail server can run here; None when one can."""
    return None if EXIM is not None else "the package exim4-daemon-light is not installed"


def free_port():
    with socket.socket() as it:
        it.bind(("127.0.0.1", 0))
        return it.getsockname()[1]


def make_authority(folder):
    """A CA, and a certificate of it for "localhost" and 127.0.0.1."""
    def openssl(*args):
        subprocess.run(["openssl", *map(str, args)], check=True, capture_output=True, cwd=folder)
    folder.mkdir(parents=True, exist_ok=True)
    openssl("req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "ca.key",
            "-out", "ca.pem", "-days", "2", "-subj", "/CN=Test CA")
    openssl("req", "-newkey", "rsa:2048", "-nodes", "-keyout", "server.key",
            "-out", "server.csr", "-subj", "/CN=localhost")
    (folder / "ext").write_text("subjectAltName=DNS:localhost,IP:127.0.0.1\nextendedKeyUsage=serverAuth\n")
    openssl("x509", "-req", "-in", "server.csr", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2",
            "-extfile", "ext", "-out", "server.pem")
    folder.chmod(0o755)
    (folder / "server.key").chmod(0o600)
    return folder


class MailServer:
    """tls: None, "starttls" or "implicit"; password: for the user "hikeshi", which is then asked for."""

    def __init__(self, tls=None, password=None, domain="soc.example"):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="hk-mail-"))
        self.folder.chmod(0o755)
        self.box = self.folder / "box"
        self.port = free_port()
        self.process = None
        self.ca = None
        user = pwd.getpwnam("Debian-exim") if os.geteuid() == 0 else pwd.getpwuid(os.geteuid())
        for name in ("box", "spool"):
            (self.folder / name).mkdir()
            os.chown(self.folder / name, user.pw_uid, user.pw_gid)
        lines = ["tls_advertise_hosts ="]
        if tls is not None:
            self.ca = make_authority(self.folder / "tls")
            os.chown(self.ca / "server.key", user.pw_uid, user.pw_gid)
            lines = ["tls_advertise_hosts = *", f"tls_certificate = {self.ca}/server.pem",
                     f"tls_privatekey = {self.ca}/server.key"]
        if tls == "implicit":
            lines.append(f"tls_on_connect_ports = {self.port}")
        (self.folder / "exim.conf").write_text(CONFIG.format(
            folder=self.folder, port=self.port, domain=domain, user=user.pw_name,
            group=grp.getgrgid(user.pw_gid).gr_name, tls="\n".join(lines),
            acl="" if password is None else "  deny message = log in first\n       !authenticated = *",
            auth="" if password is None else PLAIN.format(password=password)))

    def start(self):
        self.log = open(self.folder / "log", "ab")
        self.process = subprocess.Popen([EXIM, "-C", self.folder / "exim.conf", "-bdf", "-q1m"], stdout=self.log,
                                        stderr=self.log, stdin=subprocess.DEVNULL, start_new_session=True)
        until(self.answers, "the mail server to listen")
        return self

    def answers(self):
        assert self.process.poll() is None, (self.folder / "log").read_text()
        try:
            socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
            return True
        except OSError:
            return False

    def stop(self):
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(PATIENCE_S)
            self.process = None

    def remove(self):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def mails(self):
        """All that was delivered, oldest first, as messages."""
        files = sorted(self.box.glob("new/*"), key=lambda path: path.stat().st_mtime_ns)
        return [email.message_from_bytes(path.read_bytes(), policy=email.policy.default) for path in files]

    def await_mails(self, count, patience_s=PATIENCE_S):
        try:
            until(lambda: len(self.mails()) >= count, f"{count} mails", patience_s)
        except AssertionError as failed:
            raise AssertionError(f"{failed}; there are {[str(m['subject']) for m in self.mails()]}") from None
        return self.mails()


class Hurdle:
    """A proxy before the mail server that makes trouble: `trouble` names what, for the connections to come.

    refuse_rcpt   answers RCPT with `reply` (451 …, 550 …) instead of asking the server
    cut_data      drops the connection in the middle of the message
    swallow       lets the server take the message and drops the connection before its reply
    hang          says nothing at all
    None          passes everything
    """

    def __init__(self, server):
        self.server = server
        self.trouble = None
        self.reply = "451 4.7.1 Greylisted, try again later"
        self.seen = []  # commands of clients
        self.socket = socket.socket()
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.listen(50)
        self.port = self.socket.getsockname()[1]
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self):
        self.socket.close()

    def _accept(self):
        while True:
            try:
                client, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client):
        try:
            server = socket.create_connection(("127.0.0.1", self.server.port), timeout=PATIENCE_S)
        except OSError:
            client.close()
            return
        with client, server:
            try:
                self._talk(client.makefile("rwb", buffering=0), server.makefile("rwb", buffering=0))
            except OSError:
                pass

    def _talk(self, client, server):
        if self.trouble == "hang":
            client.readline()
            return
        self._relay_reply(server, client)
        while line := client.readline():
            verb = line[:4].upper()
            self.seen.append(line.decode("ascii", "replace").strip())
            if verb == b"RCPT" and self.trouble == "refuse_rcpt":
                client.write(self.reply.encode() + b"\r\n")
                continue
            server.write(line)
            if verb == b"DATA":
                if not self._relay_reply(server, client).startswith(b"354"):
                    continue
                if self.trouble == "cut_data":
                    client.readline()
                    return
                while True:
                    line = client.readline()
                    server.write(line)
                    if line in (b".\r\n", b""):
                        break
                if self.trouble == "swallow":
                    server.readline()
                    return
            self._relay_reply(server, client)
            if verb == b"QUIT":
                return

    @staticmethod
    def _relay_reply(server, client):
        while True:
            line = server.readline()
            client.write(line)
            if not line or line[3:4] != b"-":
                return line


class Webhook:
    """A chat product's end of a webhook: keeps what is posted, answers with `statuses` in turn, then 200."""

    def __init__(self, tls=None):
        import http.server
        hook = self
        self.posts = []  # (path, headers, body)
        self.statuses = []
        self.headers = {}

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                hook.posts.append((self.path, dict(self.headers), body))
                self.send_response(hook.statuses.pop(0) if hook.statuses else 200)
                for name, value in hook.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", "2")
                self.end_headers()
                self.wfile.write(b"ok")

            def log_message(self, *_):
                pass

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = self.server.server_address[1]
        if tls is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(tls / "server.pem", tls / "server.key")
            self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()

    def await_posts(self, count, patience_s=PATIENCE_S):
        until(lambda: len(self.posts) >= count, f"{count} posts; there are {len(self.posts)}", patience_s)
        return self.posts


def text_of(mail):
    """The body, decoded, with the line's ends of a file."""
    return mail.get_content().replace("\r\n", "\n")
