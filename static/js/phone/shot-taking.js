"use strict";
// The camera and the library: what they hand over is kept at once, before anything is asked.

class ShotTaking extends HTMLElement {
  connectedCallback() {
    this.problem = "";
    const [camera, library] = this.querySelectorAll("input");
    for (const input of [camera, library]) input.addEventListener("change", () => this.take(input));
    document.addEventListener("click", ({ target }) => {
      const act = target.closest("[data-act]")?.dataset.act;
      if (act === "take") this.choose(camera);
      if (act === "library") this.choose(library);
      if (act === "retake") this.choose(camera, document.querySelector("shot-preview").shot);
      const chip = target.closest("[data-views]");
      if (chip) this.choose(camera, null, chip.dataset.views.split(" ")[0]);
    });
    document.addEventListener("retake", ({ detail }) => this.choose(camera, detail));
  }

  /** `instead`: the photo this one takes the place of; `wanted`: the view it is to be. */
  choose(input, instead = null, wanted = "") {
    this.instead = instead;
    input.value = "";
    pairing.remember({ wanted: wanted || instead?.details.shotView || "" });
    input.click();
  }

  async take(input) {
    const under = { ...pairing.now };
    const { instead } = this;
    this.problem = "";
    for (const file of input.files) await this.one(file, under, instead);
    if (navigator.storage?.persist) navigator.storage.persist();
  }

  async one(file, under, instead) {
    if (!file.size) return this.say(`${file.name} is empty. Take it again.`);
    if (file.size > LARGEST) return this.say(`${file.name} is larger than 30 MB. Set the camera to a smaller size and take it again.`);
    try {
      await shots.add(file, under);
      if (instead) await shots.wipe(instead);
    } catch {
      this.say("The photo can’t be read. Take it again.");
    }
    return null;
  }

  say(problem) {
    this.problem = problem;
    pairing.tell();
  }
}

customElements.define("shot-taking", ShotTaking);
