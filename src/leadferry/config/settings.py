"""Django's settings, from the environment and the instance's key file."""

import hashlib
from pathlib import Path
from typing import Any

from csp.constants import SELF
from django.utils.translation import gettext_lazy as _

from leadferry.config import env
from leadferry.kit.secrets import load_keyring

DATA = env.folder()
DATA.mkdir(parents=True, exist_ok=True)

KEYRING = load_keyring(DATA / "secret.key")
SECRET_KEY = hashlib.blake2b(
    KEYRING.keys[-1].encode(), digest_size=32, person=b"sessions"
).hexdigest()

DEBUG = False
ALLOWED_HOSTS = env.hosts()

INSTALLED_APPS = [
    "django.contrib.contenttypes",
    "django.contrib.auth",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django_htmx",
    "django.contrib.humanize",
    "csp",
    "leadferry.jobs",
    "leadferry.accounts",
    "leadferry.alerts",
    "leadferry.leads",
    "leadferry.integrations",
    "leadferry.destinations",
    "leadferry.destinations.creatio",
    "leadferry.ingest",
    "leadferry.sync",
    "leadferry.web",
]

MIDDLEWARE = [
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "csp.middleware.CSPMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.locale.LocaleMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "leadferry.web.middleware.PasswordChangeMiddleware",
    "leadferry.web.middleware.ProfileMiddleware",
]

ROOT_URLCONF = "leadferry.config.urls"
WSGI_APPLICATION = "leadferry.config.wsgi.application"

TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "leadferry.web.context.shell",
            ],
        },
    }
]


def _sqlite(path: Path, *, checkpoint_pages: int) -> dict[str, Any]:
    # IMMEDIATE: a writer waits for its turn instead of failing half-way. FULL: what
    # was answered is on disk.
    return {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": path,
        "CONN_MAX_AGE": None,
        "OPTIONS": {
            "transaction_mode": "IMMEDIATE",
            "timeout": 20,
            "init_command": (
                "PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL;"
                f"PRAGMA wal_autocheckpoint={checkpoint_pages};"
                "PRAGMA cache_size=-65536;"
            ),
        },
        "TEST": {"NAME": DATA / f"test-{path.name}"},
    }


POSTGRES = env.postgres()
if POSTGRES is None:
    DATABASES: dict[str, dict[str, Any]] = {
        # Few and large checkpoints keep bulk writes quick; small ones keep the door
        # from waiting for one.
        "default": _sqlite(DATA / "leadferry.sqlite3", checkpoint_pages=20_000),
        "inbox": _sqlite(DATA / "inbox.sqlite3", checkpoint_pages=1_000),
    }
    JOBS_DATABASE_URL = f"sqlite:///{DATA / 'jobs.sqlite3'}"
else:
    DATABASES = {
        "default": {
            "ENGINE": "django.db.backends.postgresql",
            "HOST": POSTGRES.host,
            "PORT": POSTGRES.port,
            "NAME": POSTGRES.name,
            "USER": POSTGRES.user,
            "PASSWORD": POSTGRES.password,
            "CONN_MAX_AGE": None,
            "CONN_HEALTH_CHECKS": True,
            "OPTIONS": {
                "connect_timeout": 5,
                # A process that was stopped in mid-transaction gives its locks back.
                "options": "-c idle_in_transaction_session_timeout=30000",
            },
        },
    }
    JOBS_DATABASE_URL = POSTGRES.url
DATABASE_ROUTERS = ["leadferry.ingest.routers.InboxRouter"]
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"

AUTH_USER_MODEL = "accounts.User"
AUTH_PASSWORD_VALIDATORS = [
    {
        "NAME": "django.contrib.auth.password_validation.MinimumLengthValidator",
        "OPTIONS": {"min_length": 10},
    },
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
    {
        "NAME": "django.contrib.auth.password_validation."
        "UserAttributeSimilarityValidator",
        "OPTIONS": {"user_attributes": ("username", "name", "email")},
    },
]
LOGIN_URL = "sign-in"
LOGIN_REDIRECT_URL = "leads"
LOGOUT_REDIRECT_URL = "sign-in"

SESSION_COOKIE_NAME = "leadferry_session"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = env.https_only()
SESSION_COOKIE_SAMESITE = "Lax"
CSRF_COOKIE_NAME = "leadferry_csrf"
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
X_FRAME_OPTIONS = "DENY"
SECURE_REFERRER_POLICY = "same-origin"
# LinkedIn's sign-in opens in a window that has to find its way back.
SECURE_CROSS_ORIGIN_OPENER_POLICY = "same-origin-allow-popups"

CONTENT_SECURITY_POLICY = {
    "DIRECTIVES": {
        "default-src": [SELF],
        "img-src": [SELF, "data:"],
        "object-src": ["'none'"],
        "base-uri": ["'none'"],
        "frame-ancestors": ["'none'"],
        # A form leads to LinkedIn's sign-in, and browsers follow the redirect only so.
        "form-action": [SELF, env.linkedin_oauth()],
    }
}

USE_TZ = True
TIME_ZONE = "UTC"
USE_I18N = True
LANGUAGE_CODE = "en"
LANGUAGES = [("en", _("English"))]

STATIC_URL = "/static/"
STATIC_ROOT = DATA / "static"
STORAGES = {
    "staticfiles": {
        "BACKEND": "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}

FEEDBACK_URL = env.feedback_url()

METRICS_TOKEN = env.metrics_token()

LINKEDIN_API = env.linkedin_api()
LINKEDIN_OAUTH = env.linkedin_oauth()
LINKEDIN_IS_LOCAL = env.is_loopback(LINKEDIN_API)

LOGGING = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "line": {
            "()": "leadferry.config.logs.LineFormatter",
        },
    },
    "handlers": {
        "stderr": {"class": "logging.StreamHandler", "formatter": "line"},
    },
    "root": {"handlers": ["stderr"], "level": "WARNING"},
    "loggers": {
        "leadferry": {"level": env.log_level()},
        # These print addresses with their queries.
        "httpx": {"level": "WARNING"},
        "httpcore": {"level": "WARNING"},
    },
}

# The page of an integration with 500 forms has two fields for each, and its mappings.
DATA_UPLOAD_MAX_NUMBER_FIELDS = 5_000
