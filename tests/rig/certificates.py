"""A private certificate authority with one leaf for the rig's servers, made anew for each test session."""

from __future__ import annotations

import ssl
from pathlib import Path

import certifi
import trustme


class Certificates:
    """A CA and a leaf for localhost and 127.0.0.1, as files in `folder`.

    `ca_file` is the CA alone, `bundle_file` the public roots and the CA: what REQUESTS_CA_BUNDLE wants.
    """

    def __init__(self, folder: Path) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        authority = trustme.CA(organization_name="recon test rig")
        leaf = authority.issue_cert("localhost", "127.0.0.1", common_name="localhost")
        self.ca_file = folder / "ca.pem"
        self.cert_file = folder / "leaf.pem"
        self.key_file = folder / "leaf.key"
        self.bundle_file = folder / "bundle.pem"
        authority.cert_pem.write_to_path(self.ca_file)
        leaf.private_key_pem.write_to_path(self.key_file)
        self.cert_file.write_bytes(b"".join(part.bytes() for part in leaf.cert_chain_pems))
        self.bundle_file.write_bytes(Path(certifi.where()).read_bytes() + self.ca_file.read_bytes())

    def server_context(self, newest: ssl.TLSVersion = ssl.TLSVersion.TLSv1_3) -> ssl.SSLContext:
        """What a server wraps its sockets with. TDS 7.4 hides its handshake in packets: at most TLS 1.2."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.cert_file, self.key_file)
        context.maximum_version = newest
        return context
