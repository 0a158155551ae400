"""Records of web archives."""

from __future__ import annotations

import zstandard


def record(
    url: str, block: bytes, kind: str = "response", content: str = "application/http; msgtype=response"
) -> bytes:
    """Return a WARC record."""
    head = f"WARC/1.0\r\nWARC-Type: {kind}\r\nWARC-Target-URI: {url}\r\nContent-Type: {content}\r\n"
    return head.encode() + f"Content-Length: {len(block)}\r\n\r\n".encode() + block + b"\r\n\r\n"


def answer(body: bytes, *lines: str, status: str = "200 OK", kind: str = "text/html") -> bytes:
    """Return an HTTP answer."""
    return "\r\n".join([f"HTTP/1.1 {status}", f"Content-Type: {kind}", *lines, "", ""]).encode() + body


def zstd(parts: list[bytes], *options: object) -> bytes:
    """Return each part as a Zstandard frame."""
    return b"".join(zstandard.ZstdCompressor(3, *options).compress(part) for part in parts)
