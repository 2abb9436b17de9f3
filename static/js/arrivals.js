"use strict";
// A quiet notice of images that came from elsewhere: a burst, until the person does something, is one.

const JUST_NOW = 5 * 60_000;

const arrivals = {
  cards: [],

  /** `now` by the server's clock: this computer's may be wrong. */
  welcome(grid, added, now) {
    const fresh = added.filter((card) => card.dataset.state === "ready" && now - Date.parse(card.dataset.at) < JUST_NOW && !sending.sent.has(card.id.slice("image-".length)));
    if (!fresh.length) return;
    for (const card of fresh) card.classList.add("card--new");
    this.cards = unseen.count ? [...fresh, ...this.cards] : fresh;
    unseen.add(fresh.length);
    document.getElementById("news").replaceChildren(this.line(grid));
  },

  line(grid) {
    const { cards } = this;
    const line = grid.querySelector("#news-line").content.cloneNode(true);
    line.querySelector("[data-count]").textContent = cards.length === 1 ? "1 image" : `${cards.length} images`;
    line.querySelector("[data-from]").hidden = cards.some((card) => card.dataset.source !== "mobile");
    const names = new Set(cards.map((card) => card.querySelector(".card__who").textContent));
    line.querySelector("[data-who]").textContent = names.size === 1 ? `for ${[...names][0]}` : "";
    const [{ id }] = cards; // The card itself may be another by then.
    const show = line.querySelector("[data-show]");
    show.textContent = cards.length === 1 ? "Show it" : "Show them";
    show.addEventListener("click", () => {
      const card = grid.querySelector(`#${CSS.escape(id)}`);
      if (card) card.querySelector("a").focus();
      document.getElementById("news").replaceChildren();
    });
    return line;
  },
};
