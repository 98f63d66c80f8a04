"""Events in a coroutine."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Any


async def events(told: Iterator[Any]) -> AsyncIterator[Any]:
    """The events of ``told``; other tasks get their turn before each."""
    for event in told:
        await asyncio.sleep(0)
        yield event
