"""A Chromium to test with: named, the system's, Playwright's, or installed now."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
]  # fmt: skip
_MAC = Path("/Applications/Google Chrome.app/Contents/MacOS/Google Chrome")


def find() -> str | None:
    """The browser's executable, or none."""
    named = os.environ.get("LEADFERRY_CHROMIUM")
    if named:
        return named
    for name in NAMES:
        found = shutil.which(name)
        if found:
            return found
    return str(_MAC) if _MAC.exists() else _of_playwright()


def _of_playwright() -> str | None:
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - slow to load

    with sync_playwright() as playwright:
        path = Path(playwright.chromium.executable_path)
        return str(path) if path.exists() else None


def install() -> str | None:
    """Playwright's own Chromium, else the system's package; none where both fail."""
    playwright = [sys.executable, "-m", "playwright", "install", "chromium"]
    commands = [playwright]
    if shutil.which("apt-get") and os.geteuid() == 0:
        commands += [
            ["apt-get", "update", "-qq"],
            ["apt-get", "install", "-y", "-qq", "--no-install-recommends", "chromium"],
        ]
    for command in commands:
        # Either may fail on a machine without that way; the next one is tried.
        subprocess.run(command, check=False, stdout=subprocess.DEVNULL)
        found = find()
        if found:
            return found
    return None
