"""`leadferry connect`: what the wizard does, in a terminal."""

import argparse
import getpass
from pathlib import Path

from leadferry.accounts import settings as system_settings
from leadferry.config.cli import say
from leadferry.integrations import connect, services, subscriptions
from leadferry.integrations import sign_in as sign_ins
from leadferry.integrations.connect import AdAccountOffer
from leadferry.integrations.models import LinkedInApplication, LinkedInUser, SignIn
from leadferry.kit import clock
from leadferry.kit.errors import LeadferryError, SetupError
from leadferry.linkedin.versions import NEWEST_VERSION, SCOPES

_PATIENCE_SECONDS = 30 * 60


def run(options: argparse.Namespace) -> None:
    """Set the application up, sign a user in, add ad accounts and subscribe."""
    _save_application(options)
    url = options.url or system_settings.read(system_settings.URL_TO_GET_LEADS)
    if not url:
        raise SetupError(
            "Say with --url at which address LinkedIn reaches this instance, "
            "for example --url https://crm.example.com"
        )
    services.save_url(url, by=None)
    user = _sign_in(url)
    say(f"Connected: {user.name}")
    for offer in _chosen(connect.offers(user), options):
        _integrate(user, offer)


def _save_application(options: argparse.Namespace) -> None:
    held = LinkedInApplication.objects.first()
    client_id = options.client_id or (held.client_id if held else "")
    if not client_id:
        raise SetupError(
            "Say with --client-id which LinkedIn application to use; its id and "
            "secret stand in LinkedIn's developer portal under Auth."
        )
    connect.save_application(
        client_id=client_id,
        client_secret=_secret(options, held),
        scopes=options.scopes or (held.scopes if held else SCOPES),
        api_version=options.api_version
        or (held.api_version if held else NEWEST_VERSION),
        by=None,
    )


def _secret(options: argparse.Namespace, held: LinkedInApplication | None) -> str:
    if options.client_secret_file:
        return Path(options.client_secret_file).read_text(encoding="utf-8").strip()
    if held is not None and options.client_id in {None, held.client_id}:
        return str(held.client_secret)
    return getpass.getpass("Client secret: ").strip()


def _sign_in(url: str) -> LinkedInUser:
    sign_in, address = sign_ins.begin_sign_in(
        redirect_uri=f"{url.rstrip('/')}{sign_ins.RETURN_PATH}"
    )
    say("Open this address in a browser, sign in and allow access:\n")
    say(f"  {address}\n")
    say("Leadferry must be running (`leadferry serve`): LinkedIn sends you back to it.")
    return wait_for(sign_in)


def wait_for(sign_in: SignIn) -> LinkedInUser:
    """The user who came back; raises SetupError with what went wrong."""
    until = clock.monotonic() + _PATIENCE_SECONDS
    while clock.monotonic() < until:
        sign_in.refresh_from_db()
        if sign_in.finished_at is not None:
            if sign_in.user is None:
                raise SetupError(sign_in.problem)
            return sign_in.user
        clock.sleep(0.2)
    raise SetupError("Nobody came back from LinkedIn within half an hour.")


def _chosen(
    offered: list[AdAccountOffer], options: argparse.Namespace
) -> list[AdAccountOffer]:
    for offer in offered:
        state = offer.problem or "can be used"
        say(f"  {offer.account_id}  {offer.name}: {state}")
    if options.all:
        return [offer for offer in offered if not offer.problem]
    wanted = options.account or _ask()
    by_id = {offer.account_id: offer for offer in offered}
    unknown = [str(number) for number in wanted if number not in by_id]
    if unknown:
        raise SetupError(f"LinkedIn shows no ad account {', '.join(unknown)}.")
    return [by_id[number] for number in wanted]


def _ask() -> list[int]:
    answer = input("Ad accounts to import from, separated by blanks: ")
    return [int(word) for word in answer.split() if word.isdigit()]


def _integrate(user: LinkedInUser, offer: AdAccountOffer) -> None:
    account = connect.give_access(user=user, offer=offer)
    integration = services.create_integration(account=account)
    number = services.read_forms(integration)
    say(f"{integration.name}: {number} forms; every new lead is registered from now.")
    try:
        subscriptions.subscribe(integration)
    except LeadferryError as exc:
        say(f"  LinkedIn does not notify this instance yet: {exc}", to_error=True)
        raise
