"use strict";
// The phone's page as a whole: which screen it is on, and what it says besides.

const countOf = (number) => (number === 1 ? "1 photo" : `${number} photos`);

class PhonePage extends HTMLElement {
  async connectedCallback() {
    Object.assign(this, { problem: "", leftOver: 0, preview: this.querySelector("shot-preview") });
    const acts = { next: () => this.next(), leave: () => this.leave(), stay: () => this.dialog.close() };
    this.addEventListener("click", ({ target }) => acts[target.closest("[data-act]")?.dataset.act]?.());
    if (!globalThis.crypto?.subtle || !navigator.locks) {
      pairing.hear({ state: "none" }, "Photos can only be sent over https, and from a browser of the last years. Ask for the practice’s https address.");
      return this.draw();
    }
    for (const source of [shots, pairing, ghost]) source.addEventListener("change", () => this.draw());
    for (const name of ["online", "offline"]) window.addEventListener(name, () => this.draw());
    if (navigator.serviceWorker) navigator.serviceWorker.register("/m/sw.js", { scope: "/m" }).catch(() => {});
    await this.open();
    await pairing.start();
    return sender.start();
  }

  /** What an earlier visit left: what was removed then is wiped, the rest goes on. */
  async open() {
    try {
      await shots.load();
      for (const shot of shots.all.filter((one) => one.state === "removed")) await shots.wipe(shot);
      this.leftOver = shots.all.length;
    } catch {
      this.problem = "This browser keeps nothing for this page. Leave the private window before you take photos.";
    }
  }

  get dialog() {
    return this.querySelector("dialog");
  }

  next() {
    const { waiting } = sender;
    if (!waiting) return this.leave();
    this.part("unsent").textContent = `${countOf(waiting)} ${waiting === 1 ? "is" : "are"} still on this phone${shots.held.length ? `, ${shots.held.length} in this page alone` : ""}`;
    return this.dialog.showModal();
  }

  async leave() {
    this.dialog.close();
    this.problem = "";
    try {
      await pairing.leave();
    } catch {
      this.problem = "Not ended: the server can’t be reached. This phone still belongs to the patient above. Try again in a moment.";
    }
    this.draw();
  }

  get screen() {
    if (pairing.isConfirmed) return this.drafts.length ? "preview" : "capture";
    return { unknown: "start", redeemed: "match" }[pairing.now.state] || "scan";
  }

  get drafts() {
    return shots.all.filter((one) => one.state === "draft" && one.ownerKey === pairing.now.ownerKey);
  }

  part(name) {
    return this.querySelector(`[data-${name}]`);
  }

  draw() {
    const { screen, drafts } = this;
    for (const one of this.querySelectorAll("[data-on]")) one.toggleAttribute("hidden", !one.dataset.on.split(" ").includes(screen)); // An SVG has no .hidden.
    this.head(screen);
    this.notices(screen);
    this.part("match").textContent = pairing.now.match || "";
    if (screen === "preview") this.preview.show(drafts[0], drafts.length);
    else this.preview.clear();
  }

  head(screen) {
    const { patient, desk, practice } = pairing.now;
    const isPaired = screen === "capture" || screen === "preview";
    const titles = { match: "Pairing this phone", start: "Phone camera", scan: "Phone camera" };
    this.part("who").textContent = titles[screen] || (patient ? patient.initials : "Unassigned tray");
    this.part("tail").hidden = !(isPaired && patient);
    this.part("nhi").textContent = isPaired && patient ? patient.nhiTail : "";
    if (isPaired || practice) this.part("desk").textContent = isPaired && desk ? `${desk}’s desk` : practice || "";
  }

  notices(screen) {
    const isPaired = screen === "capture" || screen === "preview";
    const own = shots.all.filter((one) => one.ownerKey === pairing.now.ownerKey);
    const others = shots.all.length - own.length;
    const unsaved = sender.waiting;
    const { saved } = pairing.memory;
    if (!own.length) this.leftOver = 0;
    this.say("offline", isPaired && !(navigator.onLine && pairing.isReached));
    const held = shots.held.length && `${countOf(shots.held.length)} in this page alone: this phone has no room to keep more. Leave the page open until all is saved, then free some space.`;
    this.say("problem", this.querySelector("shot-taking").problem || held || this.problem || pairing.problem);
    this.say("ended", pairing.now.state === "ended");
    this.say("unreached", screen === "start" && !pairing.isReached);
    this.say("kept", (screen === "scan" || (screen === "start" && !pairing.isReached)) && shots.all.length > 0 && `${countOf(shots.all.length)} still on this phone`);
    this.say("left", isPaired && Math.min(this.leftOver, own.length) > 0 && `${countOf(Math.min(this.leftOver, own.length))} left from before`);
    this.say("others", isPaired && others > 0 && `${countOf(others)} of somebody else`);
    this.say("safe", screen === "capture" && saved > 0 && !unsaved && (saved === 1 ? "The photo is" : `All ${saved} photos are`));
    this.say("empty", screen === "capture" && !saved && !unsaved);
    this.say("nothing-left", !others && !ghost.facts);
  }

  /** Shows the notice when there is something to say, with these words in its slot. */
  say(name, words) {
    const notice = this.querySelector(`[data-notice="${name}"]`);
    const slot = notice.querySelector("[data-words]");
    if (slot && words && slot.textContent !== words) slot.textContent = words;
    notice.hidden = !words;
  }
}

// From the whole to its parts: the parts ask the page's own things when they are connected.
for (const [name, one] of Object.entries({ "shot-list": ShotList, "shot-preview": ShotPreview, "shot-queue": ShotQueue, "phone-page": PhonePage })) customElements.define(name, one);
