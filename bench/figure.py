"""One figure and how it is said."""

import json
import sys
from dataclasses import asdict, dataclass


@dataclass(frozen=True, kw_only=True)
class Figure:
    """What was measured, beside the bare limit and the budget."""

    name: str
    value: float
    unit: str
    bare: float
    bare_name: str
    budget: float | None = None
    lower_is_better: bool = False

    @property
    def met(self) -> bool:
        """Whether the budget is met; true where there is none."""
        if self.budget is None:
            return True
        if self.lower_is_better:
            return self.value <= self.budget
        return self.value >= self.budget

    def line(self) -> str:
        """For a terminal."""
        sign = "<=" if self.lower_is_better else ">="
        goal = "" if self.budget is None else f"  budget {sign} {self.budget:,.0f}"
        state = "" if self.met else "  MISSED"
        ratio = self.value / self.bare if self.bare else 0.0
        return (
            f"{self.name:<46}{self.value:>12,.1f} {self.unit:<12}"
            f"{ratio:>7.2f} x {self.bare_name} ({self.bare:,.1f}){goal}{state}"
        )


def tell(figure: Figure) -> None:
    """Hand a figure to the process that collects them."""
    sys.stdout.write(json.dumps(asdict(figure)) + "\n")
    sys.stdout.flush()
