"""What is true of the code as a whole."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.apps import apps
from django.db.models import ForeignKey

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(
    path
    for folder in ("src", "tests", "bench", "scripts")
    for path in (ROOT / folder).rglob("*.py")
    if "migrations" not in path.parts
)
MOST_FILE_LINES, MOST_FUNCTION_LINES, MOST_NESTING = 500, 60, 4
# From the top; a foreign key may point down or stay.
ROOMS = (
    "web", "ingest", "integrations", "leads", "alerts", "accounts", "jobs",
)  # fmt: skip
_NESTS = (ast.If, ast.For, ast.While, ast.With, ast.Try, ast.Match)


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def depth_of(node: ast.AST, depth: int = 0) -> int:
    deepest = depth
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            continue
        # An elif stands beside its if, not below it.
        beside = isinstance(node, ast.If) and child in node.orelse
        further = isinstance(child, _NESTS) and not (
            beside and isinstance(child, ast.If)
        )
        deepest = max(deepest, depth_of(child, depth + further))
    return deepest


def test_files_functions_and_nesting_stay_small() -> None:
    found = []
    for path in SOURCES:
        text = path.read_text(encoding="utf-8")
        name = path.relative_to(ROOT)
        if text.count("\n") > MOST_FILE_LINES:
            found.append(f"{name}: {text.count(chr(10))} lines")
        for function in functions(ast.parse(text)):
            length = (function.end_lineno or 0) - function.lineno + 1
            if length > MOST_FUNCTION_LINES:
                found.append(f"{name}: {function.name} has {length} lines")
            if depth_of(function) > MOST_NESTING:
                found.append(f"{name}: {function.name} is nested too deep")
    assert found == []


def test_no_foreign_key_points_to_a_higher_room() -> None:
    found = []
    for model in apps.get_models():
        if model._meta.app_label not in ROOMS:
            continue
        own = ROOMS.index(model._meta.app_label)
        for field in model._meta.get_fields():
            target = field.related_model
            if not isinstance(field, ForeignKey) or isinstance(target, str | None):
                continue
            label = target._meta.app_label
            if label in ROOMS and ROOMS.index(label) < own:
                found.append(f"{model.__name__}.{field.name} -> {target.__name__}")
    assert found == []


def test_every_room_has_tests() -> None:
    rooms = [path.parent for path in (ROOT / "src").glob("*/*/__init__.py")]
    untested = [
        room.name
        for room in rooms
        if room.name not in {"tests", "templatetags"}
        and not list((room / "tests").glob("test_*.py"))
    ]
    assert untested == []


def test_every_variable_of_the_environment_is_documented() -> None:
    code = (ROOT / "src/leadferry/config/env.py").read_text(encoding="utf-8")
    clock = (ROOT / "src/leadferry/kit/clock.py").read_text(encoding="utf-8")
    page = (ROOT / "docs/reference/settings.md").read_text(encoding="utf-8")
    read = set(re.findall(r'"(LEADFERRY_[A-Z_]+)"', code + clock))
    told = set(re.findall(r"`(LEADFERRY_[A-Z_]+)`", page))
    assert read <= told, read - told
    assert len(read) > 5


def test_only_env_reads_the_environment() -> None:
    allowed = {"env.py", "clock.py", "cli.py", "supervisor.py", "wsgi.py", "demo.py"}
    found = [
        str(path.relative_to(ROOT))
        for path in (ROOT / "src/leadferry").rglob("*.py")
        if "os.environ" in path.read_text(encoding="utf-8") and path.name not in allowed
    ]
    assert found == []


CODES = re.compile(r'"([RDB]\d{1,3})"')


def test_requirements_named_by_tests_exist() -> None:
    page = (ROOT / "docs/reference/requirements.md").read_text(encoding="utf-8")
    listed = set(re.findall(r"^- \*\*([RDB]\d+)\*\*", page, re.MULTILINE))
    named = {
        code
        for path in SOURCES
        if path.name.startswith("test_")
        for mark in re.findall(r"mark\.req\(([^)]*)\)", path.read_text("utf-8"))
        for code in CODES.findall(mark)
    }
    assert named <= listed, named - listed
    assert len(listed) == 113 + 15 + 15


@pytest.mark.parametrize("lock", ["requirements.lock", "package-lock.json"])
def test_lock_files_carry_no_addresses(lock: str) -> None:
    text = (ROOT / lock).read_text(encoding="utf-8")
    addresses = re.findall(r"https?://\S+", text)
    # What funds a package is told by the package itself.
    kept = [one for one in addresses if lock == "requirements.lock" or ".tgz" in one]
    assert kept == []
    assert '"resolved"' not in text


def test_captions_pass_through_gettext() -> None:
    words = re.compile(r">\s*([A-Z][a-z]+(?: [a-z]+)*)\s*<")
    found = []
    for path in (ROOT / "src/leadferry/web/templates").rglob("*.html"):
        text = path.read_text(encoding="utf-8")
        translated = re.sub(
            r"{% blocktranslate.*?endblocktranslate %}", "", text, flags=re.DOTALL
        )
        bare = re.sub(r"{%.*?%}|{{.*?}}", "", translated)
        found += [f"{path.name}: {word}" for word in words.findall(bare)]
    # The product's own name is the same in every language.
    assert [one for one in found if not one.endswith(": Leadferry")] == []
