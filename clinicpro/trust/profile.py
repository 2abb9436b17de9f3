"""The root certificate as a configuration profile, which an iPhone shows with a name and a reason.

The keys are those of Apple's "Configuration Profile Reference", payload com.apple.security.root.
"""

from __future__ import annotations

import plistlib
import uuid

from clinicpro.trust.certificates import Root

WHY = (
    "Lets this device trust the practice's own Clinical Images server, so that photos reach it "
    "encrypted. Remove it when the device no longer takes photos for the practice."
)


def profile(root: Root, practice: str) -> bytes:
    """The profile; the same root gives the same ids, so that a second one replaces the first."""
    name = f"clinicpro.{root.fingerprint.replace(':', '').lower()[:16]}"
    payload = {
        "PayloadType": "com.apple.security.root",
        "PayloadVersion": 1,
        "PayloadIdentifier": f"{name}.root",
        "PayloadUUID": _id(f"{name}.root"),
        "PayloadDisplayName": root.name,
        "PayloadCertificateFileName": "clinicpro.crt",
        "PayloadContent": root.der,
    }
    return plistlib.dumps(
        {
            "PayloadType": "Configuration",
            "PayloadVersion": 1,
            "PayloadIdentifier": name,
            "PayloadUUID": _id(name),
            "PayloadDisplayName": root.name,
            "PayloadDescription": WHY,
            "PayloadOrganization": practice,
            "PayloadRemovalDisallowed": False,
            "PayloadContent": [payload],
        }
    )


def _id(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name)).upper()
