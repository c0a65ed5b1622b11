"""Lists the requirements that no test carries."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
LIST = ROOT / "docs" / "reference" / "requirements.md"
_MARK = re.compile(r"mark\.req\(([^)]*)\)", re.DOTALL)
_CODE = re.compile(r"\b[RDB]\d{1,3}\b")


def main() -> None:
    """One line a requirement without a test, then the count."""
    text = LIST.read_text(encoding="utf-8")
    listed = dict(re.findall(r"^- \*\*([RDB]\d+)\*\* (.+)$", text, re.MULTILINE))
    carried: set[str] = set()
    for folder in ("src", "tests"):
        for test in (ROOT / folder).rglob("test_*.py"):
            for mark in _MARK.findall(test.read_text(encoding="utf-8")):
                carried.update(_CODE.findall(mark))
    missing = [code for code in listed if code not in carried]
    for code in missing:
        print(f"{code}  {listed[code]}")
    print(f"{len(listed) - len(missing)} of {len(listed)} requirements have a test.")


if __name__ == "__main__":
    main()
