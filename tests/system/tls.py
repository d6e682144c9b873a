"""TLS for tests: certificates of a CA of our own, and a connection on which every byte is ours to send."""

import datetime
import ipaddress
import os
import socket
import ssl

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge import PATIENCE_S, Engine, Wire


class Authority:
    """A CA, and certificates by it, as PEM files in a folder."""

    def __init__(self, folder, name="ca"):
        self.folder = folder
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"Test {name}")])
        self.cert = self._sign(self.name, self.key.public_key(), [
            (x509.BasicConstraints(ca=True, path_length=0), True)])
        self.file = folder / f"{name}.pem"
        self.file.write_bytes(self.cert.public_bytes(serialization.Encoding.PEM))

    def _sign(self, subject, public_key, extensions, days=2):
        now = datetime.datetime.utcnow()
        builder = (x509.CertificateBuilder().subject_name(subject).issuer_name(self.name).public_key(public_key)
                   .serial_number(x509.random_serial_number()).not_valid_before(now - datetime.timedelta(days=1))
                   .not_valid_after(now + datetime.timedelta(days=days)))
        for extension, critical in extensions:
            builder = builder.add_extension(extension, critical)
        return builder.sign(self.key, hashes.SHA256())

    def issue(self, name, host="127.0.0.1", file=None):
        """A certificate for a host, with its key beside it; (certificate, key)."""
        key = ec.generate_private_key(ec.SECP256R1())
        try:
            alternative = x509.IPAddress(ipaddress.ip_address(host))
        except ValueError:
            alternative = x509.DNSName(host)
        cert = self._sign(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), key.public_key(), [
            (x509.SubjectAlternativeName([alternative]), False),
            (x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]), False)])
        cert_file = self.folder / f"{file or name}.pem"
        key_file = self.folder / f"{file or name}.key"
        cert_file.write_bytes(cert.public_bytes(serialization.Encoding.PEM))
        with open(os.open(key_file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                        serialization.NoEncryption()))
        return cert_file, key_file

    def context(self):
        """For a client that believes this CA alone."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(self.file)
        return context


class TlsWire(Wire):
    """A Wire under TLS. Records are made here, so that they can be sent in any pieces."""

    def __init__(self, port, context, shake=True):
        super().__init__(port)
        self.coming, self.going = ssl.MemoryBIO(), ssl.MemoryBIO()
        self.tls = context.wrap_bio(self.coming, self.going, server_hostname="127.0.0.1")
        self.said_goodbye = False  # the peer
        if shake:
            self.shake()

    def send_plain(self, data):
        super().send(data)

    def flush(self):
        self.send_plain(self.going.read())

    def pull(self):
        """Bytes from the network to OpenSSL; False at the end."""
        try:
            piece = self.socket.recv(1 << 16)
        except ConnectionResetError:
            piece = b""
        if piece:
            self.coming.write(piece)
        else:
            self.coming.write_eof()
        return bool(piece)

    def shake(self):
        while True:
            try:
                self.tls.do_handshake()
                self.flush()
                return
            except ssl.SSLWantReadError:
                self.flush()
                if not self.pull():
                    raise ConnectionResetError("closed in the handshake") from None

    def send(self, data):
        if data:
            self.tls.write(data)
        self.flush()

    def finish(self):
        """Goodbye, and no more."""
        try:
            self.tls.unwrap()
        except (ssl.SSLWantReadError, ssl.SSLError):
            pass
        self.flush()
        try:
            self.socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass

    def read_some(self):
        while True:
            try:
                piece = self.tls.read(1 << 16)
                self.said_goodbye = not piece  # an end without one is an SSLEOFError
            except ssl.SSLWantReadError:
                self.pull()
                continue
            except ssl.SSLZeroReturnError:  # when we had said ours before
                self.said_goodbye = True
                piece = b""
            except ssl.SSLEOFError:
                piece = b""
            except ssl.SSLError as error:
                # After our own goodbye OpenSSL reads no more data; what is left is the peer's goodbye.
                assert "shutdown" in str(error).lower() or "close_notify" in str(error).lower(), error
                piece = b""
            self.ended = not piece
            self.received += piece
            return


class TlsEngine(Engine):
    """An engine that is asked over TLS."""

    def __init__(self, data, config, authority):
        super().__init__(data, config)
        self.context = authority.context()

    def wire(self):
        return TlsWire(self.port, self.context)
