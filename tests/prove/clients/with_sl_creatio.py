"""Signs in, makes, finds and deletes a lead with sl-creatio-connector."""

import sys

from sl_creatio_connector.constants import ODATA_version
from sl_creatio_connector.creatio import Creatio


def main(address: str, version: str) -> None:
    """Prints what each step came to."""
    creatio = Creatio(address, "Supervisor", "Supervisor", ODATA_version[version])
    made = creatio.create_object(
        "Lead", {"Contact": "Ines Maro", "Email": "ines@northlake.example"}
    )
    found = creatio.get_object_collection(
        "Lead", ["filter=Email eq 'ines@northlake.example'"]
    )
    assert [row["Id"] for row in found] == [made["Id"]]
    assert creatio.get_object_by_id("Lead", made["Id"])["Contact"] == "Ines Maro"
    refused = creatio.create_object("Lead", {"Id": made["Id"]})
    deleted = creatio.delete_object("Lead", made["Id"])
    left = creatio.get_object_collection("Lead")
    _, told = creatio.forms_auth("Supervisor", "wrong")
    sys.stdout.write(
        f"{told} | {'error' in refused} | {deleted.status_code} | {len(left)}\n"
    )


main(*sys.argv[1:])
