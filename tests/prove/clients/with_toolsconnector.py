"""Reads all leads of an owner with toolsconnector, as its README shows it."""

import asyncio
import sys

from toolsconnector.connectors.linkedin_leads import LinkedInLeads


async def main(address: str, token: str, owner: str) -> None:
    """Prints how many have an EMAIL, then the ids."""
    connector = LinkedInLeads(credentials=token, base_url=address)
    await connector._setup()
    page = await connector.alist_leads(owner=owner, count=100)
    leads = list(page.items)
    while page.has_more:
        page = await page.anext_page()
        leads += page.items
    sys.stdout.write(f"{sum('EMAIL' in lead.fields for lead in leads)}\n")
    sys.stdout.write("\n".join(lead.id for lead in leads))
    await connector._teardown()


asyncio.run(main(*sys.argv[1:]))
