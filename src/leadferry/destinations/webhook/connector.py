"""Posts pages of leads; a refused page is sent again lead by lead."""

from collections.abc import Iterator, Mapping, Sequence

import httpx
from django.utils.translation import gettext as _

from leadferry.destinations.base import (
    Delivered,
    Erased,
    Parcel,
    Rejected,
    SetupProblem,
    Step,
    Temporary,
)
from leadferry.destinations.webhook import wire
from leadferry.kit import clock
from leadferry.kit.http import make_client

_TIMEOUT = httpx.Timeout(connect=5.0, read=15.0, write=10.0, pool=5.0)
# A page is given up after so long; what is left of it comes again.
_PATIENCE_SECONDS = 40
_SETUP = {401, 403, 404, 410}
_LATER = {408, 425, 429}
_LONGEST_ANSWER = 300


class WebhookConnector:
    """Speaks to one address."""

    page_size = 50

    def __init__(self, *, address: str, secret: str) -> None:
        self._address, self._secret = address, secret
        self._client = make_client(base_url="")
        self._client.timeout = _TIMEOUT

    def close(self) -> None:
        """Let go of connections that are kept open."""
        self._client.close()

    def id_for(self, parcel: Parcel) -> str:
        """The lead is called there as here."""
        return wire.id_of(parcel)

    def send(
        self, parcels: Sequence[Parcel]
    ) -> Mapping[int, Delivered | Rejected | Temporary]:
        """One request for all that changed."""
        answers: dict[int, Delivered | Rejected | Temporary] = {}
        changed = []
        for one in parcels:
            if one.remote_id and wire.digests(one.values) == one.sent:
                answers[one.lead_id] = _delivered(one)
            else:
                changed.append(one)
        if changed:
            answers |= self._send_page(changed)
        return answers

    def _send_page(
        self, parcels: Sequence[Parcel]
    ) -> dict[int, Delivered | Rejected | Temporary]:
        leads = [wire.lead_json(one) for one in parcels]
        try:
            self._post("leads", leads=leads)
        except Rejected as exc:
            if len(parcels) == 1:
                return {parcels[0].lead_id: exc}
            return self._send_singly(parcels)
        return {one.lead_id: _delivered(one) for one in parcels}

    def _send_singly(
        self, parcels: Sequence[Parcel]
    ) -> dict[int, Delivered | Rejected | Temporary]:
        answers: dict[int, Delivered | Rejected | Temporary] = {}
        until = clock.monotonic() + _PATIENCE_SECONDS
        for one in parcels:
            try:
                answers |= self._send_page([one])
            except Temporary as exc:
                answers[one.lead_id] = exc
            if clock.monotonic() > until:
                break
        left = Temporary(_("The receiver takes too long."), retry_after_s=0)
        return {one.lead_id: answers.get(one.lead_id, left) for one in parcels}

    def erase(
        self, remote_ids: Sequence[str]
    ) -> Mapping[str, Erased | Rejected | Temporary]:
        """One request for all; where it is refused, one for each."""
        try:
            answer = self._post("erase", leads=wire.erased_json(remote_ids))
        except Rejected as exc:
            if len(remote_ids) == 1:
                return {remote_ids[0]: exc}
            each: dict[str, Erased | Rejected | Temporary] = {}
            for one in remote_ids:
                each |= self.erase([one])
            return each
        return {one: Erased(remote_id=one, answer=answer) for one in remote_ids}

    def examine(self, *, writing: bool) -> Iterator[Step]:
        """Whether it answers, and whether it takes a signed request."""
        reached = _("The address answers")
        taken = _("It takes signed requests")
        try:
            answer = self._post("ping")
        except Temporary as exc:
            yield Step(code="reached", caption=reached, ok=False, message=str(exc))
            yield Step(code="taken", caption=taken, ok=None)
        except (SetupProblem, Rejected) as exc:
            yield Step(code="reached", caption=reached, ok=True)
            yield Step(code="taken", caption=taken, ok=False, message=str(exc))
        else:
            yield Step(code="reached", caption=reached, ok=True)
            yield Step(code="taken", caption=taken, ok=True, message=answer)

    def _post(self, event: str, **content: object) -> str:
        """What it answered, in short; raises what the answer means."""
        body = wire.encode(event, **content)
        timestamp = str(clock.now_ms() // 1_000)
        headers = {
            "Content-Type": "application/json",
            wire.TIMESTAMP: timestamp,
            wire.SIGNATURE: wire.sign(self._secret, timestamp=timestamp, body=body),
        }
        try:
            response = self._client.post(self._address, content=body, headers=headers)
        except (httpx.InvalidURL, httpx.UnsupportedProtocol) as exc:
            raise SetupProblem(
                _("The address cannot be used."), step="reached"
            ) from exc
        except httpx.HTTPError as exc:
            raise _unreached(exc) from exc
        return _meaning(response)


def _delivered(parcel: Parcel) -> Delivered:
    return Delivered(remote_id=wire.id_of(parcel), digests=wire.digests(parcel.values))


def _unreached(error: httpx.HTTPError) -> SetupProblem | Temporary:
    if "CERTIFICATE_VERIFY_FAILED" in str(error):
        return SetupProblem(
            _("The certificate of the address cannot be trusted: renew it there."),
            step="reached",
        )
    return Temporary(
        _("The address cannot be reached (%s).") % (str(error) or type(error).__name__)
    )


def _meaning(response: httpx.Response) -> str:
    status = response.status_code
    text = " ".join(response.text.split())[:_LONGEST_ANSWER]
    answer = f"HTTP {status} {response.reason_phrase}".strip()
    if response.is_success:
        return answer
    told = f"{answer}: {text}" if text else answer
    if status in _SETUP:
        raise SetupProblem(
            _("The receiver refuses every request (%s).") % told, step="taken"
        )
    if response.is_redirect:
        raise SetupProblem(
            _("The receiver sends requests elsewhere (%s): enter the final address.")
            % answer,
            step="taken",
        )
    if status in _LATER or response.is_server_error:
        raise Temporary(told, retry_after_s=_retry_after(response))
    raise Rejected(told)


def _retry_after(response: httpx.Response) -> float | None:
    wait = response.headers.get("Retry-After", "")
    return float(wait) if wait.isdecimal() else None
