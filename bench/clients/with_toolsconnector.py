"""Reads all leads of an owner with toolsconnector into a file of JSON lines."""

import asyncio
import sys
import time
from pathlib import Path

from toolsconnector.connectors.linkedin_leads import LinkedInLeads


async def main(address: str, token: str, owner: str, path: str, *count: str) -> None:
    """Every page as it comes; the page size is left alone unless a count is given."""
    options = {"owner": owner, **({"count": int(count[0])} if count else {})}
    async with LinkedInLeads(credentials=token, base_url=address) as connector:
        with Path(path).open("w", encoding="utf-8") as file:
            page = await connector.alist_leads(**options)
            while page is not None:
                file.writelines(lead.model_dump_json() + "\n" for lead in page.items)
                page = await page.anext_page()


started = time.perf_counter()
asyncio.run(main(*sys.argv[1:]))
sys.stdout.write(f"{time.perf_counter() - started}\n")
