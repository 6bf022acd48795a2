"""TLS by certificate files, and the rule that nothing but loopback is served without it."""

import ipaddress
import os
import ssl
import stat
from pathlib import Path

from broker.command.failed import CommandFailed


def tls_context(certificate: Path | None, key: Path | None) -> ssl.SSLContext | None:
    """A server context of TLS 1.2 and later; None where no files are named.

    Raises:
        CommandFailed: one without the other, unreadable, a key that anyone may read, or not a pair.
    """
    if certificate is None and key is None:
        return None
    if certificate is None or key is None:
        raise CommandFailed("Give both --tls-cert and --tls-key.")
    for path in (certificate, key):
        if not os.access(path, os.R_OK):
            raise CommandFailed(f"Cannot read {path}.")
    if key.stat().st_mode & (stat.S_IROTH | stat.S_IWOTH):
        raise CommandFailed(f"{key} is open to every user: chmod o= it.")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.options |= ssl.OP_NO_COMPRESSION | ssl.OP_NO_RENEGOTIATION | ssl.OP_CIPHER_SERVER_PREFERENCE
    # Forward secrecy and authenticated encryption only; TLS 1.3 has nothing else.
    context.set_ciphers("ECDHE+AESGCM:ECDHE+CHACHA20")
    context.set_alpn_protocols(["http/1.1"])
    try:
        context.load_cert_chain(certificate, key)
    except (ssl.SSLError, OSError) as error:
        raise CommandFailed(
            f"{certificate} and {key} are not a certificate chain and its key, in PEM, without a password."
        ) from error
    return context


def refuse_open_air(address: str) -> None:
    """Return if `address`, without TLS, is reached from this machine only.

    Raises:
        CommandFailed: it is reached from elsewhere.
    """
    if not ipaddress.ip_address(address.partition("%")[0]).is_loopback:
        raise CommandFailed(
            f"Refusing to listen on {address} without TLS: give --tls-cert and --tls-key, or --host "
            f"127.0.0.1."
        )
