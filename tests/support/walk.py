"""A page of a real browser under watch."""

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support import browser as chromium

AXE = Path(__file__).resolve().parents[2] / "build" / "axe.min.js"
WIDTHS = (400, 1024)
# What passes is neither gathered nor carried over: that was most of the time.
_AXE = """only => axe.run({
    resultTypes: ["violations"], ...(only && {runOnly: only})
}).then(found => found.violations)"""
_SET_THEME = "t => document.documentElement.setAttribute('data-bs-theme', t)"


@dataclass
class Walk:
    """A page under watch: what the console says is kept."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def watch(self) -> None:
        """Keep every error of the console and every broken request."""
        self.page.on(
            "console",
            lambda said: (
                self.complaints.append(said.text) if said.type == "error" else None
            ),
        )
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def check(self, widths: Sequence[int] = WIDTHS) -> None:
        """No serious finding of axe, no sideways scroll, no error, in both themes."""
        found: list[str] = []
        for theme in ("light", "dark"):
            for width in widths:
                rows = self._look(theme, width)
                found += [f"{theme} {width}: {row}" for row in rows]
        assert found == [], "\n".join([self.page.url, *found])
        assert self.complaints == [], "\n".join(self.complaints)

    def _look(self, theme: str, width: int) -> list[str]:
        self.page.evaluate(_SET_THEME, theme)
        self.page.set_viewport_size({"width": width, "height": 800})
        wide = self.page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width, f"{self.page.url} is {wide} px wide at {width} px"
        # Nothing but contrast can differ between the themes.
        return self._axe("color-contrast" if theme == "dark" else None)

    def _axe(self, only: str | None) -> list[str]:
        if not self.page.evaluate("'axe' in window"):
            # Playwright's way past the page's own policy, for the test only.
            self.page.evaluate(AXE.read_text(encoding="utf-8"))
        found: Any = self.page.evaluate(_AXE, only)
        return [
            f"{row['id']}: {row['nodes'][0]['html'][:150]}"
            for row in found
            if row["impact"] in {"serious", "critical"}
        ]


@contextlib.contextmanager
def running_browser() -> Iterator[Browser]:
    """A Chromium for the length of the block."""
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(
            executable_path=chromium.find(), args=chromium.FLAGS
        )
        yield running
        running.close()


@contextlib.contextmanager
def walking(browser: Browser) -> Iterator[Walk]:
    """A new person with a page of their own."""
    context = browser.new_context(reduced_motion="reduce")
    walk = Walk(context.new_page())
    walk.watch()
    yield walk
    context.close()


def sign_in(page: Page, password: str) -> None:
    """As the administrator."""
    page.get_by_label("User name").fill("admin")
    page.get_by_label("Password").fill(password)
    page.get_by_role("button", name="Sign in").click()


def choose_password(page: Page, *, present: str, new: str) -> None:
    """On the page to which the first sign-in leads."""
    page.get_by_label("Present password").fill(present)
    page.get_by_label("New password", exact=True).fill(new)
    page.get_by_label("New password again").fill(new)
    page.get_by_role("button", name="Change password").click()
