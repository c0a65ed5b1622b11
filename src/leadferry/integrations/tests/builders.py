"""A connected application, user, ad account and integration."""

from datetime import timedelta

from leadferry.integrations import forms, services
from leadferry.integrations.models import (
    AdAccount,
    AdAccountAccess,
    Integration,
    LeadForm,
    LinkedInApplication,
    LinkedInUser,
    RegistrationWindow,
)
from leadferry.kit import clock
from leadferry.linkedin import wire
from tests.support.sandbox import CLIENT_ID, CLIENT_SECRET, EMEA


def make_application() -> LinkedInApplication:
    """The sandbox's application."""
    return LinkedInApplication.objects.create(
        client_id=CLIENT_ID,
        client_secret=CLIENT_SECRET,
        scopes="r_marketing_leadgen_automation r_ads r_organization_admin openid",
        api_version="202609",
    )


def make_user(
    token: str = "",
    *,
    sub: str = "ada",
    age_s: int = 0,
) -> LinkedInUser:
    """A connected LinkedIn user whose token is so many seconds old."""
    issued_at = clock.now() - timedelta(seconds=age_s)
    return LinkedInUser.objects.create(
        sub=sub,
        name="Ada Example",
        access_token=token,
        token_issued_at=issued_at,
        expires_at=issued_at + timedelta(days=60),
    )


def make_integration(
    user: LinkedInUser | None = None, *, account: int = EMEA
) -> Integration:
    """An integration, on since ever; reached through the user, if one is given."""
    ad_account = AdAccount.objects.create(
        account_id=account, name="Northwind EMEA", organization_id=11223344
    )
    if user is not None:
        AdAccountAccess.objects.create(
            user=user, ad_account=ad_account, role="ACCOUNT_MANAGER"
        )
    integration = services.create_integration(account=ad_account)
    RegistrationWindow.objects.filter(integration=integration).update(on_from=0)
    return integration


def make_form(integration: Integration, form_id: int = 1, version: int = 1) -> LeadForm:
    """A form with a name, an email and a free question."""
    form = wire.LeadForm(
        id=form_id,
        version_id=version,
        name=f"Form {form_id}",
        creation_locale=wire.Locale(country="DE", language="de"),
        content=wire.FormContent(
            questions=[
                wire.Question(
                    question_id=1, name="Name", predefined_field="FIRST_NAME"
                ),
                wire.Question(question_id=2, name="Email", predefined_field="EMAIL"),
                wire.Question(question_id=3, name="Question"),
            ]
        ),
    )
    return forms.keep_form(integration.ad_account, form)
