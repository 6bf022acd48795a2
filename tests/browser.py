"""A headless Chromium for tests that look at a page, driven over its own debugging protocol on loopback."""

import asyncio
import base64
import json
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp

PROGRAM = shutil.which("chromium") or shutil.which("google-chrome")
"""The browser's program, or None where there is none."""


class Tab:
    """One page in the browser."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self._socket = socket
        self._last = 0

    async def say(self, method: str, **parameters: Any) -> dict[str, Any]:
        """One command of the debugging protocol and its result."""
        self._last += 1
        await self._socket.send_json({"id": self._last, "method": method, "params": parameters})
        while True:
            answer: dict[str, Any] = await self._socket.receive_json()
            if answer.get("id") == self._last:
                assert "error" not in answer, answer
                return dict(answer["result"])

    async def show(self, path: Path, *, width: int, height: int = 800) -> None:
        """Open a file at a width in CSS pixels, as a telephone would below 500."""
        await self.say(
            "Emulation.setDeviceMetricsOverride",
            width=width,
            height=height,
            deviceScaleFactor=1,
            mobile=width < 500,
        )
        await self.say("Page.enable")
        await self.say("Page.navigate", url=path.as_uri())
        async with asyncio.timeout(60):
            while not await self.find("document.readyState === 'complete' && location.protocol === 'file:'"):
                await asyncio.sleep(0.05)

    async def find(self, expression: str) -> Any:
        """The value of an expression in the page."""
        found = await self.say("Runtime.evaluate", expression=expression, returnByValue=True)
        assert "exceptionDetails" not in found, found
        return found["result"].get("value")

    async def picture(self) -> bytes:
        """The whole page as PNG."""
        found = await self.say("Page.captureScreenshot", format="png", captureBeyondViewport=True)
        return base64.b64decode(found["data"])

    async def printed(self) -> bytes:
        """The page as PDF, on the paper its own style asks for."""
        found = await self.say("Page.printToPDF", preferCSSPageSize=True, printBackground=True)
        return base64.b64decode(found["data"])


@asynccontextmanager
async def browser() -> AsyncIterator[Tab]:
    """A browser of its own with one tab; stopped, by its process, whatever happens."""
    assert PROGRAM is not None
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        process = await asyncio.create_subprocess_exec(
            PROGRAM,
            "--headless=new",
            "--remote-debugging-port=0",
            f"--user-data-dir={folder}",
            "--disable-gpu",
            "--no-first-run",
            # Fetches nothing by itself.
            "--disable-background-networking",
            "--disable-component-update",
            # Containers have neither a sandbox to be had nor much shared memory; it shows only our own pages.
            "--no-sandbox",
            "--disable-dev-shm-usage",
            "about:blank",
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**os.environ, "HOME": folder},
        )
        try:
            port = await _port(Path(folder) / "DevToolsActivePort")
            async with aiohttp.ClientSession() as session:
                async with session.get(f"http://127.0.0.1:{port}/json/list") as answer:
                    pages = json.loads(await answer.text())
                url = next(each["webSocketDebuggerUrl"] for each in pages if each["type"] == "page")
                async with session.ws_connect(url, max_msg_size=0) as socket:
                    yield Tab(socket)
        finally:
            process.terminate()
            await process.wait()


async def _port(file: Path) -> int:
    async with asyncio.timeout(60):
        while not (file.exists() and file.read_text().strip()):
            await asyncio.sleep(0.05)
    return int(file.read_text().split()[0])
