"""What prompts are tried on: drawings of our own, labelled as a GP would have; nobody's images."""

from __future__ import annotations

from dataclasses import dataclass

from clinicpro.analyses.prompts import PromptTrial
from clinicpro.gateways import LabelledJpeg
from clinicpro.web import ROOT

STATIC = ROOT / "static"
PIXELS = 800 * 600  # of a sample


@dataclass(frozen=True)
class Sample:
    """A drawing and what a GP would have labelled it with."""

    slug: str
    label: str
    site: str
    side: str
    view: str
    history: str

    @property
    def known(self) -> dict[str, str]:
        """Every variable, of nobody."""
        return {
            "site": self.site,
            "side": self.side,
            "view": self.view,
            "history": self.history,
            "age": "47",
        }

    @property
    def place(self) -> str:
        return f"{self.side} {self.site}".strip().capitalize()


_MOLE = ("back", "left", "close-up", "Has grown over a year.")
SAMPLES = {
    one.slug: one
    for one in (
        Sample("mole", "A mole on the back", *_MOLE),
        Sample(
            "ring", "A ring-shaped rash", "forearm", "right", "regional", "Itchy for two weeks."
        ),
        Sample("graze", "A graze", "knee", "left", "close-up", "Fell on gravel yesterday."),
        Sample("ulcer", "A leg ulcer", "lower leg", "left", "regional", "Open for two weeks."),
        Sample("burn", "A burn", "hand", "right", "close-up", "Hot oil this morning."),
    )
}
COMPARED = "mole"  # the one that was drawn twice
DATED = (
    "Image 1 of 2, the earlier one, of 3 May 2025:",
    "Image 2 of 2, the later one, of 3 May 2026:",
)


def images_of(trial: PromptTrial) -> tuple[LabelledJpeg, ...]:
    """The very drawings that go, the earlier one first."""
    jpegs = [(STATIC / path).read_bytes() for path in trial.drawings]
    labels = DATED if trial.is_comparing else ("",)
    return tuple(map(LabelledJpeg, jpegs, labels))
