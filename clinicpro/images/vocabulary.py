"""Body sites (SNOMED CT), sides and views: what an image can be labelled with."""

from __future__ import annotations

# slug: (label, SNOMED CT structure code); the side is a separate qualifier
BODY_SITES: dict[str, tuple[str, str]] = {
    "scalp": ("Scalp", "41695006"),
    "face": ("Face", "89545001"),
    "forehead": ("Forehead", "52795006"),
    "cheek": ("Cheek", "60819002"),
    "nose": ("Nose", "45206002"),
    "chin": ("Chin", "30291003"),
    "eye": ("Eye", "81745001"),
    "ear": ("Ear", "117590005"),
    "mouth": ("Mouth", "123851003"),
    "neck": ("Neck", "45048000"),
    "shoulder": ("Shoulder", "16982005"),
    "upper-arm": ("Upper arm", "40983000"),
    "elbow": ("Elbow", "16953009"),
    "forearm": ("Forearm", "14975008"),
    "hand": ("Hand", "85562004"),
    "finger": ("Finger", "7569003"),
    "thumb": ("Thumb", "76505004"),
    "chest": ("Chest", "51185008"),
    "breast": ("Breast", "76752008"),
    "abdomen": ("Abdomen", "113345001"),
    "back": ("Back", "77568009"),
    "trunk": ("Trunk", "22943007"),
    "pelvis": ("Pelvis", "12921003"),
    "buttock": ("Buttock", "22180002"),
    "thigh": ("Thigh", "68367000"),
    "knee": ("Knee", "72696002"),
    "lower-leg": ("Lower leg", "30021000"),
    "ankle": ("Ankle", "70258002"),
    "foot": ("Foot", "56459004"),
    "toe": ("Toe", "29707007"),
}
SIDES: dict[str, tuple[str, str | None]] = {
    "left": ("Left", "7771000"),
    "right": ("Right", "24028007"),
    "bilateral": ("Both sides", "51440002"),
    "midline": ("Midline", None),
}
VIEWS: dict[str, str] = {
    "establishing": "establishing",
    "regional": "regional",
    "close-up": "close-up",
    "dermoscopy": "dermoscopy",
}


def site_choices() -> list[tuple[str, str]]:
    return [(slug, label) for slug, (label, _) in BODY_SITES.items()]


def place(body_site: str | None, laterality: str | None) -> str | None:
    """`Left forearm`, `Forearm`, or None when no site was given."""
    if not body_site or body_site not in BODY_SITES:
        return None
    site = BODY_SITES[body_site][0]
    if laterality not in SIDES:
        return site
    if laterality == "midline":
        return f"{site}, midline"
    return f"{SIDES[laterality][0]} {site[0].lower()}{site[1:]}"
