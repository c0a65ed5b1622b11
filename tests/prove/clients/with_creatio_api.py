"""Signs in, makes, finds, changes and deletes a lead with creatio-api-py."""

import base64
import json
import os
import sys
from pathlib import Path

# It asks at the terminal for a key where there is none.
os.environ["SESSIONS_ENCRYPTION_KEY"] = base64.urlsafe_b64encode(bytes(32)).decode()

from creatio_api_py import CreatioODataAPI


def main(address: str, folder: str) -> None:
    """Prints what each step came to."""
    api = CreatioODataAPI(base_url=address, cookies_file=Path(folder) / "sessions.bin")
    api.authenticate("Supervisor", "Supervisor")
    made = api.add_collection_data(
        "Lead", {"Contact": "Ines O'Maro", "Email": "ines@northlake.example"}
    )
    key = made.json()["Id"]
    found = api.get_collection_data(
        "Lead", filter="contains(Email,'@northlake') and Contact eq 'Ines O''Maro'",
        select=["Id", "LeadName"], expand="QualifyStatus", order_by="CreatedOn desc",
        top=5, skip=0, count=True,
    ).json()  # fmt: skip
    (row,) = found["value"]
    assert (found["@odata.count"], row["Id"]) == (1, key)
    # As its text says, with a dictionary; and as JSON, which it hands on as it is.
    api.modify_collection_data("Lead", key, {"Contact": "Ines"})
    api.modify_collection_data("Lead", key, json.dumps({"PredictiveScore": 7}))
    changed = api.get_collection_data("Lead", record_id=key).json()
    name = api.get_collection_data("Lead", record_id=key, value="LeadName").text
    api.delete_collection_data("Lead", key)
    left = api.get_collection_data("Lead", only_count=True).text
    again = CreatioODataAPI(
        base_url=address, cookies_file=Path(folder) / "sessions.bin"
    )
    again.authenticate("Supervisor", "Supervisor")
    sys.stdout.write(
        f"{made.status_code} {row['LeadName']} | {row['QualifyStatus']['Name']} | "
        f"{changed['Contact']} {changed['PredictiveScore']} | {name} | {left} | "
        f"{again.api_calls}\n"
    )


main(*sys.argv[1:])
