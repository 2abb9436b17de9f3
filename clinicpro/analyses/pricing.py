"""What a run costs: tokens at the model's price, in millionths of a US dollar."""

from __future__ import annotations

from dataclasses import dataclass

from clinicpro.analyses.models import AiPolicy
from clinicpro.settings import Settings

# US cents per million tokens, in and out (Anthropic's list of November 2026). A manager can give
# others on the practice's page; a server in the house costs nothing.
PRICES: dict[str, tuple[int, int]] = {
    "claude-sonnet-5-5": (200, 1000),
    "claude-haiku-5-5": (10, 50),
    "claude-opus-5-5": (400, 2000),
}
DEAREST = (400, 2000)  # of a model that is not listed: better too much than too little
IN_THE_US = 1.1  # what pinning the inference to the US multiplies the price with
CENT = 10_000  # millionths of a dollar
PIXELS_A_TOKEN = 750
LETTERS_A_TOKEN = 3


@dataclass(frozen=True)
class Price:
    """US cents per million tokens."""

    tokens_in: float
    tokens_out: float

    def of(self, tokens_in: int, tokens_out: int) -> int:
        """Millionths of a dollar."""
        return round((tokens_in * self.tokens_in + tokens_out * self.tokens_out) / 100)


def list_price(settings: Settings) -> Price:
    """What the model's provider asks, as far as we know; nothing for a server in the house."""
    if settings.anthropic_base_url:
        return Price(0, 0)
    found = (cents for name, cents in PRICES.items() if settings.claude_model.startswith(name))
    tokens_in, tokens_out = next(found, DEAREST)
    times = IN_THE_US if settings.claude_region == "us" else 1
    return Price(tokens_in * times, tokens_out * times)


def price_of(settings: Settings, current: AiPolicy) -> Price:
    """The practice's own prices where it has given them, else the provider's."""
    listed = list_price(settings)
    return Price(
        listed.tokens_in if current.price_in is None else current.price_in,
        listed.tokens_out if current.price_out is None else current.price_out,
    )


def most_tokens_in(pixels: int, letters: int) -> int:
    """How many tokens a question may have: its images' pixels and its words' letters."""
    return -(-pixels // PIXELS_A_TOKEN) + -(-letters // LETTERS_A_TOKEN)


def dollars(millionths: int) -> str:
    """`US$3.10`, `1.2 US cents` for what is less than a dime, `nothing`."""
    if millionths <= 0:
        return "nothing"
    if millionths < 10 * CENT:
        cents = millionths / CENT
        words = f"{cents:.0f}" if cents >= 9.95 else f"{max(cents, 0.1):.1f}"
        return f"{words.removesuffix('.0')} US cent{'' if words in ('1', '1.0') else 's'}"
    return f"US${millionths / 1_000_000:,.2f}"


def cost_told(millionths: int | None, tokens_out: int | None) -> str | None:
    """What a run cost, in words; where the model has not said, the most it can have been."""
    if not millionths:
        return None
    return ("at most " if tokens_out is None else "") + dollars(millionths)
