"use strict";
// The views a purpose asks for: each turns green once there is a photo of it.

const PURPOSES = {
  lesion: ["establishing", "regional", "close-up", "dermoscopy ruler"],
  rash: ["establishing", "regional", "close-up"],
  wound: ["regional", "close-up", "ruler"],
};

class ShotList extends HTMLElement {
  connectedCallback() {
    this.chooser = this.querySelector("select");
    this.chooser.addEventListener("change", () => {
      pairing.remember({ purpose: this.chooser.value });
      this.draw();
    });
    for (const source of [shots, pairing]) source.addEventListener("change", () => this.draw());
  }

  get there() {
    const kept = shots.all.filter((one) => one.takenUnder === pairing.now.pairingId && one.state === "waiting");
    return new Set([...(pairing.memory.views || []), ...kept.map((one) => one.details.shotView)]);
  }

  /** The view that is still missing, "" where there is none. */
  get next() {
    const missing = this.wanted.find((views) => !this.has(views));
    return missing ? missing.split(" ")[0] : "";
  }

  get wanted() {
    return PURPOSES[pairing.memory.purpose] || [];
  }

  has(views) {
    return views.split(" ").some((view) => this.there.has(view));
  }

  draw() {
    this.chooser.value = pairing.memory.purpose || "";
    for (const item of this.querySelectorAll("[data-views]")) {
      item.hidden = !this.wanted.includes(item.dataset.views);
      const isThere = this.has(item.dataset.views);
      item.classList.toggle("shots__item--there", isThere);
      item.querySelector("[data-said]").textContent = isThere ? "taken" : "still missing";
    }
  }
}
