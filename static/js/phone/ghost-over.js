"use strict";
// The earlier photo over the new one, as much of it as the slider says: do angle and distance match?

class GhostOver extends HTMLElement {
  connectedCallback() {
    this.slider = this.querySelector("input");
    this.slider.addEventListener("input", () => this.lay());
    ghost.addEventListener("change", () => this.draw());
  }

  /** Off for each photo anew; never over a photo that was taken for somebody else. */
  start(shot) {
    this.shot = shot;
    this.slider.value = 0;
    this.draw();
  }

  draw() {
    const image = this.querySelector("[data-ghost]");
    const isOffered = Boolean(ghost.facts && this.shot && this.shot.takenUnder === pairing.now.pairingId);
    this.querySelector("[data-slider]").hidden = !isOffered;
    if (isOffered) image.setAttribute("src", ghost.url);
    else image.removeAttribute("src");
    this.querySelector("[data-words]").textContent = isOffered ? `${ghost.facts.words}, ${ghost.facts.day}` : "";
    this.lay(image);
  }

  lay(image = this.querySelector("[data-ghost]")) {
    const share = Number(this.slider.value);
    image.hidden = !share || !image.hasAttribute("src");
    image.style.opacity = share / 100;
    const said = share ? `${share} %` : "Off";
    this.querySelector("output").textContent = said;
    this.slider.setAttribute("aria-valuetext", said);
  }
}

customElements.define("ghost-over", GhostOver);
