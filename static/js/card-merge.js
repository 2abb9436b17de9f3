"use strict";
// Brings the server's cards into the grid that is there: in their place, without a jump.

const cards = {
  /** The group of today in New Zealand, made from the page's <template> where there is none yet. */
  today(grid) {
    const now = new Date();
    const zone = { timeZone: "Pacific/Auckland" };
    const day = new Intl.DateTimeFormat("en-CA", { ...zone, year: "numeric", month: "2-digit", day: "2-digit" }).format(now);
    let group = grid.querySelector(`.grid__group[data-day="${day}"]`);
    if (!group) {
      group = document.getElementById("day-group").content.cloneNode(true).firstElementChild;
      group.id = `day-${day}`;
      group.dataset.day = day;
      group.querySelector(".grid__date").textContent = now.toLocaleDateString("en-NZ", { ...zone, weekday: "long", day: "numeric", month: "long", year: "numeric" }).replace(",", "");
      this.placeGroup(grid, group);
    }
    return group.querySelector(".grid__cards");
  },

  /** Takes in an answer of cards; tells which of them were not there before. */
  merge(grid, answer) {
    const added = [];
    for (const group of answer.querySelectorAll(".grid__group")) {
      const here = grid.querySelector(`.grid__group[data-day="${group.dataset.day}"]`);
      const theirs = Array.from(group.querySelectorAll(".card"));
      for (const card of theirs) if (!this.refresh(grid, card)) added.push(card);
      for (const card of theirs) if (!added.includes(card)) card.remove();
      if (here) theirs.filter((card) => added.includes(card)).forEach((card) => this.placeCard(here.querySelector(".grid__cards"), card));
      else if (group.querySelector(".card")) this.placeGroup(grid, group);
    }
    for (const { dataset } of answer.querySelectorAll("template[data-gone]")) this.take(grid, dataset.gone);
    return added;
  },

  /** True where the card is in the grid already; then it shows what the server says now. */
  refresh(grid, card) {
    const old = grid.querySelector(`#${CSS.escape(card.id)}`);
    if (!old) return false;
    const isOnItsWay = old.hasAttribute("data-sending") && card.dataset.state === "expected";
    if (!isOnItsWay && this.looks(old) !== this.looks(card)) this.replace(old, card.cloneNode(true));
    return true;
  },

  // A thumbnail's link is signed anew every half hour: that alone is no reason to load it again.
  looks(card) {
    return card.outerHTML.replace(/ (src="[^"?]*)\?[^"]*"/g, " $1\"").replace(/ card--(new|found)/g, "");
  },

  replace(old, card) {
    const hadFocus = old.contains(document.activeElement);
    old.replaceWith(card);
    htmx.process(card);
    if (hadFocus) (card.querySelector("a, button") || card).focus({ preventScroll: true });
  },

  placeCard(list, card) {
    const at = Date.parse(card.dataset.at);
    const next = Array.from(list.children).find((other) => Date.parse(other.dataset.at) < at);
    list.insertBefore(card, next || null);
    htmx.process(card);
  },

  placeGroup(grid, group) {
    const page = grid.querySelector(".grid__page");
    const next = Array.from(page.querySelectorAll(".grid__group")).find((other) => other.dataset.day < group.dataset.day);
    page.insertBefore(group, next || page.querySelector("#more"));
    htmx.process(group);
  },

  take(grid, id) {
    const card = grid.querySelector(`#${CSS.escape(id)}`);
    // What this window could not send says why until it is removed here.
    if (!card || card.hasAttribute("data-sending")) return;
    const group = card.closest(".grid__group");
    card.remove();
    this.tidy(group);
  },

  tidy(group) {
    if (!group.querySelector(".card")) group.remove();
  },
};
