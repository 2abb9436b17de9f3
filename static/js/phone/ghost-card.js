"use strict";
// The earlier photo beside the shutter: small, and large for who taps it.

class GhostCard extends HTMLElement {
  connectedCallback() {
    this.button = this.querySelector("button");
    this.button.addEventListener("click", () => this.enlarge(this.button.getAttribute("aria-expanded") === "false"));
    ghost.addEventListener("change", () => this.draw());
  }

  enlarge(isLarge) {
    this.button.setAttribute("aria-expanded", isLarge);
  }

  draw() {
    const { facts, url } = ghost;
    const image = this.querySelector("img");
    this.button.hidden = !facts;
    this.querySelector("[data-words]").textContent = facts ? `${facts.words}, ${facts.day}` : "";
    if (facts) return image.setAttribute("src", url);
    this.enlarge(false);
    return image.removeAttribute("src");
  }
}

customElements.define("ghost-card", GhostCard);
