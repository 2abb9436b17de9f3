"use strict";
// One photo just taken: look at it, say what it shows, keep it or take it again.

// The ruler is no view of its own in the record: it is a close-up that says so.
const RULER = { view: "close-up", label: "with ruler" };
const HINTS_AFTER = 50; // ms: the photo is on the screen first

class ShotPreview extends HTMLElement {
  connectedCallback() {
    this.form = this.querySelector("form");
    this.image = this.querySelector("[data-image]");
    this.form.addEventListener("submit", (event) => {
      event.preventDefault();
      this.keep();
    });
    this.querySelector("[data-discard]").addEventListener("click", () => shots.wipe(this.shot));
    this.image.addEventListener("error", () => {
      this.unseen(true);
      this.hint("");
    });
    this.image.addEventListener("load", () => setTimeout(() => this.look(), HINTS_AFTER));
  }

  /** Shows the draft; what was said about the one before it is filled in. */
  async show(shot, left) {
    this.querySelector("[data-left]").textContent = left > 1 ? `${left - 1} more to check after this one` : "";
    this.querySelector("[data-left]").hidden = left < 2;
    this.querySelector("[data-earlier]").hidden = shot.takenUnder === pairing.now.pairingId;
    if (this.shot === shot) return;
    this.shot = shot;
    this.querySelector("ghost-over").start(shot);
    this.fill();
    this.unseen(false);
    this.hint(null);
    const content = await shots.content(shot);
    URL.revokeObjectURL(this.image.src);
    this.image.src = URL.createObjectURL(content);
    window.scrollTo(0, 0);
    this.querySelector("h2").focus({ preventScroll: true });
  }

  clear() {
    this.shot = null;
    this.querySelector("ghost-over").start(null);
    URL.revokeObjectURL(this.image.src);
    this.image.removeAttribute("src");
  }

  fill() {
    const { now, memory } = pairing;
    const field = (name) => this.form.elements[name];
    const isOfNow = this.shot.takenUnder === now.pairingId;
    const said = (isOfNow && (memory.sticky || ghost.facts)) || {};
    field("bodySite").replaceChildren(new Option("Not said", ""), ...now.sites.map(({ id, label }) => new Option(label, id)));
    this.choices("laterality", now.sides);
    this.choices("view", [...now.views, { id: "ruler", label: "ruler" }]);
    this.querySelector("[data-consent]").textContent = now.consentWording;
    field("bodySite").value = said.bodySite || "";
    field("laterality").value = said.laterality || "";
    field("view").value = (isOfNow && (memory.wanted || document.querySelector("shot-list").next)) || said.view || "";
    field("label").value = said.label || "";
    // Agreed once for this patient; in the tray each photo may be somebody else's.
    field("photoConsent").checked = Boolean(said.photoConsent && now.target === "consultation");
  }

  choices(name, all) {
    const slot = this.querySelector(`[data-choices="${name}"]`);
    const item = slot.querySelector("template").content.firstElementChild;
    const made = all.map(({ id, label }) => {
      const one = item.cloneNode(true);
      Object.assign(one.querySelector("input"), { value: id, id: `${name}-${id}`, name });
      Object.assign(one.querySelector("label"), { htmlFor: `${name}-${id}`, textContent: label[0].toUpperCase() + label.slice(1) });
      return one;
    });
    slot.replaceChildren(slot.querySelector("template"), ...made);
  }

  look() {
    if (this.image.naturalWidth) this.hint(quality.verdict(quality.measure(this.image)));
  }

  /** null: not looked at yet. Until then nothing can be kept: the buttons would change under the thumb. */
  hint(name) {
    this.toggleAttribute("data-looked-at", name !== null);
    for (const one of document.querySelectorAll('[form="preview-form"]')) one.disabled = name === null;
    for (const one of this.querySelectorAll("[data-hint]")) one.hidden = one.dataset.hint !== name;
    for (const one of document.querySelectorAll("[data-doubt]")) one.hidden = (one.dataset.doubt === "yes") !== Boolean(name);
  }

  unseen(isUnseen) {
    this.querySelector("[data-unseen]").hidden = !isUnseen;
    this.image.hidden = isUnseen;
  }

  async keep() {
    const { shot } = this;
    if (!shot) return;
    const said = Object.fromEntries(new FormData(this.form));
    const photoConsent = said.photoConsent === "on";
    const isRuler = said.view === "ruler";
    const label = [said.label.trim(), isRuler ? RULER.label : ""].filter(Boolean).join(", ");
    const details = { ...shot.details, bodySite: said.bodySite || null, laterality: said.laterality || null, view: (isRuler ? RULER.view : said.view) || null, label: label || null, photoConsent, shotView: said.view || "", place: this.place(said) };
    const pixels = await shots.small(this.image);
    if (shot.takenUnder === pairing.now.pairingId) await pairing.remember({ sticky: { ...said, photoConsent }, wanted: "" });
    this.clear();
    await shots.change(shot, { state: "waiting", details, ...(pixels && { pixels }) });
  }

  /** `Left forearm, close-up`: what the queue calls it. */
  place({ bodySite, laterality, view, label = "" }) {
    const find = (all, id) => (all.find((one) => one.id === id) || { label: "" }).label;
    const side = find(pairing.now.sides, laterality);
    const site = find(pairing.now.sites, bodySite);
    const where = laterality === "midline" ? [site, "midline"].filter(Boolean).join(", ") : [side, side ? site.toLowerCase() : site].filter(Boolean).join(" ");
    return [where, view, label.trim()].filter(Boolean).join(", ") || "Photo";
  }
}
