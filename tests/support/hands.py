"""How a person works a page: with the mouse, or with the keyboard alone."""

from typing import Protocol

from playwright.sync_api import Locator, expect

# Null where the page has put another element in its place.
_IS_FOCUSED = "one => one.isConnected ? one === document.activeElement : null"
_MOST_TABS = 120


class Hands(Protocol):
    """What a person does with a control."""

    def press(self, control: Locator) -> None:
        """Press a button or follow a link."""

    def fill(self, control: Locator, text: str) -> None:
        """Type into a field."""

    def tick(self, control: Locator) -> None:
        """Tick a box, or take the tick away."""

    def choose(self, control: Locator, text: str) -> None:
        """Choose what a list offers by its text."""


class Mouse:
    """Points and clicks."""

    def press(self, control: Locator) -> None:
        """Press a button or follow a link."""
        control.click()

    def fill(self, control: Locator, text: str) -> None:
        """Type into a field."""
        control.click()
        control.fill(text)

    def tick(self, control: Locator) -> None:
        """Tick a box, or take the tick away."""
        control.click()

    def choose(self, control: Locator, text: str) -> None:
        """Choose what a list offers by its text."""
        control.select_option(label=text)


class Keyboard:
    """Goes from control to control with Tab, and sees where it is."""

    def press(self, control: Locator) -> None:
        """Press a button or follow a link."""
        self._go_to(control)
        control.page.keyboard.press("Enter")

    def fill(self, control: Locator, text: str) -> None:
        """Type into a field."""
        self._go_to(control)
        control.page.keyboard.press("ControlOrMeta+a")
        control.page.keyboard.type(text)

    def tick(self, control: Locator) -> None:
        """Tick a box, or take the tick away."""
        self._go_to(control)
        control.page.keyboard.press("Space")

    def choose(self, control: Locator, text: str) -> None:
        """Choose what a list offers by its text."""
        self._go_to(control)
        control.page.keyboard.type(text)

    def _go_to(self, control: Locator) -> None:
        expect(control).to_be_visible()
        # Asking the element itself takes a tenth of looking it up for each Tab.
        element = control.element_handle()
        for _tab in range(_MOST_TABS):
            is_focused = element.evaluate(_IS_FOCUSED)
            if is_focused:
                return
            if is_focused is None:
                element = control.element_handle()
                continue
            control.page.keyboard.press("Tab")
        raise AssertionError(f"Tab never reaches {control}")
