"""Fails when a model was changed without a migration."""

import os
import sys
import tempfile


def main() -> int:
    """Ask Django, on data of its own."""
    with tempfile.TemporaryDirectory() as folder:
        os.environ["LEADFERRY_DATA"] = folder
        os.environ["DJANGO_SETTINGS_MODULE"] = "leadferry.config.settings"
        import django  # noqa: PLC0415 - settings come first
        from django.core.management import call_command  # noqa: PLC0415 - see above

        django.setup()
        call_command("makemigrations", check=True, dry_run=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
