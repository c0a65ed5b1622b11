"""The only reader of the environment; a bad value stops the start with a sentence."""

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote, unquote, urlsplit

_SHORTEST_TOKEN = 16


class EnvironmentProblem(Exception):
    """A variable that cannot be used, and what to write instead."""


@dataclass(frozen=True, kw_only=True)
class Postgres:
    """Where the PostgreSQL database is."""

    host: str
    port: int
    name: str
    user: str
    password: str

    @property
    def url(self) -> str:
        """The address for the job engine, which speaks SQLAlchemy."""
        place = f"{self.host}:{self.port}/{self.name}"
        who = f"{quote(self.user, safe='')}:{quote(self.password, safe='')}"
        return f"postgresql+psycopg://{who}@{place}"


def folder() -> Path:
    """`LEADFERRY_DATA`: the folder of database, inbox and key file."""
    return Path(os.environ.get("LEADFERRY_DATA", "data")).resolve()


def postgres() -> Postgres | None:
    """`LEADFERRY_DATABASE_URL`, or none where SQLite files are used."""
    url = os.environ.get("LEADFERRY_DATABASE_URL", "")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in {"postgresql", "postgres"} or not parts.path.strip("/"):
        raise EnvironmentProblem(
            "LEADFERRY_DATABASE_URL must look like "
            "postgresql://user:password@host:5432/name; leave it out for SQLite."
        )
    return Postgres(
        host=parts.hostname or "127.0.0.1",
        port=parts.port or 5432,
        name=unquote(parts.path.strip("/")),
        user=unquote(parts.username or "leadferry"),
        password=unquote(parts.password or ""),
    )


def address(name: str, default: str) -> str:
    """An http(s) address without a slash at its end."""
    value = os.environ.get(name, default).rstrip("/")
    if urlsplit(value).scheme not in {"http", "https"}:
        raise EnvironmentProblem(f"{name} must start with http:// or https://")
    return value


def linkedin_api() -> str:
    """`LEADFERRY_LINKEDIN_API`: where LinkedIn's REST API answers."""
    return address("LEADFERRY_LINKEDIN_API", "https://api.linkedin.com")


def linkedin_oauth() -> str:
    """`LEADFERRY_LINKEDIN_OAUTH`: where LinkedIn's sign-in answers."""
    return address("LEADFERRY_LINKEDIN_OAUTH", "https://www.linkedin.com")


def is_loopback(url: str) -> bool:
    """Whether an address is on this machine."""
    return urlsplit(url).hostname in {"127.0.0.1", "::1", "localhost"}


def feedback_url() -> str:
    """`LEADFERRY_FEEDBACK_URL`: where people say what they miss."""
    return address(
        "LEADFERRY_FEEDBACK_URL", "https://github.com/leadferry/leadferry/issues"
    )


def hosts() -> list[str]:
    """`LEADFERRY_HOSTS`: host names under which the instance answers, by comma."""
    value = os.environ.get("LEADFERRY_HOSTS", "*")
    return [host.strip() for host in value.split(",") if host.strip()]


def https_only() -> bool:
    """`LEADFERRY_HTTPS`: 1 where people reach the instance by https."""
    return flag("LEADFERRY_HTTPS")


def metrics_token() -> str:
    """`LEADFERRY_METRICS_TOKEN`: what monitoring shows at /metrics; empty: closed."""
    value = os.environ.get("LEADFERRY_METRICS_TOKEN", "")
    if value and (len(value) < _SHORTEST_TOKEN or not value.isascii()):
        raise EnvironmentProblem(
            f"LEADFERRY_METRICS_TOKEN must have {_SHORTEST_TOKEN} or more letters "
            "and digits; leave it out to keep /metrics closed."
        )
    return value


def flag(name: str) -> bool:
    """A variable that is 1 or 0."""
    value = os.environ.get(name, "0")
    if value not in {"0", "1"}:
        raise EnvironmentProblem(f"{name} must be 1 or 0.")
    return value == "1"


def log_level() -> str:
    """`LEADFERRY_LOG_LEVEL`: DEBUG, INFO, WARNING or ERROR."""
    value = os.environ.get("LEADFERRY_LOG_LEVEL", "INFO").upper()
    if value not in {"DEBUG", "INFO", "WARNING", "ERROR"}:
        raise EnvironmentProblem(
            "LEADFERRY_LOG_LEVEL must be DEBUG, INFO, WARNING or ERROR."
        )
    return value
