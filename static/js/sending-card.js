"use strict";
// The card of an image on its way: the server's <template>, filled in; then the server's own card.

class SendingCard {
  constructor(one) {
    this.one = one;
    this.element = document.getElementById("sending-card").content.cloneNode(true).firstElementChild;
    this.element.dataset.at = new Date().toISOString();
    this.part("name").textContent = one.file.name;
    this.part("bytes").textContent = SendingCard.megabytes(one.file.size);
    this.part("progress").setAttribute("aria-label", `Sending ${one.file.name}`);
    this.preview();
    this.part("remove").addEventListener("click", () => one.remove());
    this.part("retry").addEventListener("click", () => sending.again(one));
  }

  part(name) {
    return this.element.querySelector(`[data-${name}]`);
  }

  static megabytes(bytes) {
    return bytes < 100_000 ? `${Math.max(1, Math.round(bytes / 1000))} kB` : `${(bytes / 1_000_000).toFixed(1)} MB`;
  }

  preview() {
    const image = this.part("preview");
    this.url = URL.createObjectURL(this.one.file);
    image.alt = `On its way: ${this.one.file.name}`;
    image.decoding = "async";
    // What the browser can't show, the server often can (HEIC, TIFF).
    image.addEventListener("error", () => this.element.classList.add("card--unseen"));
    image.src = this.url;
  }

  draw({ state, loaded, total, reason, isHopeless, isOffline, html, isDuplicate }) {
    const { imageId } = this.one;
    if (imageId && !this.element.id && !document.getElementById(`image-${imageId}`)) this.element.id = `image-${imageId}`;
    if (state === "removed") return this.leave();
    if (state === "saved") return isDuplicate ? this.showTheOther() : this.becomeTheServers(html);
    for (const name of ["sending", "checking", "waiting", "failed"]) this.element.classList.remove(`card--${name}`);
    this.element.classList.add(state === "refused" ? "card--failed" : `card--${state}`);
    this.part("state").hidden = state === "refused" || state === "waiting";
    this.part("problem").hidden = state !== "refused" && state !== "waiting";
    this.part("retry").hidden = !(state === "waiting" || (state === "refused" && !isHopeless));
    this.part("retry-word").textContent = state === "waiting" ? "Try now" : "Retry";
    this.part("remove").hidden = state === "checking";
    this.part("remove").textContent = state === "refused" ? "Remove" : "Cancel";
    if (state === "sending") this.progress(loaded, total);
    if (state === "checking") this.say("Checking", null);
    if (state === "waiting") this.problem("Not saved yet.", isOffline ? "There is no network. It waits and goes on by itself." : "The server isn’t answering. It waits and goes on by itself.");
    if (state === "refused") this.problem("Not saved.", reason);
    return null;
  }

  progress(loaded, total) {
    const percent = total ? Math.floor((loaded / total) * 100) : 0;
    this.say(`Sending ${percent}%`, percent);
    this.part("bytes").textContent = `${SendingCard.megabytes(loaded)} of ${SendingCard.megabytes(this.one.file.size)}`;
  }

  say(words, percent) {
    this.part("words").textContent = words;
    const bar = this.part("progress");
    if (percent === null) bar.removeAttribute("value");
    else bar.value = percent;
  }

  problem(verdict, reason) {
    this.part("verdict").textContent = verdict;
    this.part("reason").textContent = reason;
  }

  becomeTheServers(html) {
    const theirs = asking.parse(html).querySelector(".card");
    const there = document.getElementById(theirs.id) || this.element;
    if (there.isConnected) cards.replace(there, theirs);
    this.leave();
  }

  showTheOther() {
    this.leave();
    const other = document.getElementById(`image-${this.one.imageId}`);
    notices.alert("quiet", "You already have this image", "Nothing was added.", `/images/${this.one.imageId}`);
    if (!other) return;
    other.scrollIntoView({ block: "nearest" });
    other.classList.add("card--found");
    setTimeout(() => other.classList.remove("card--found"), 4000);
  }

  leave() {
    URL.revokeObjectURL(this.url);
    const group = this.element.closest(".grid__group");
    this.element.remove();
    if (group) cards.tidy(group);
  }
}
