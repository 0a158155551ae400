"""What tests of processes share."""

from __future__ import annotations

DEADLINE = 600
"""Seconds after which a process hangs for sure. A busy machine may take a hundred times as long as an idle one."""
