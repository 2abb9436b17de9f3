"use strict";
// What is on its way and what has arrived, newest first, each with its own state.

const UNDO_FOR = 8000; // ms

class ShotQueue extends HTMLElement {
  connectedCallback() {
    this.row = document.getElementById("shot-row").content.firstElementChild;
    this.list = this.querySelector("ol");
    this.rows = new Map();
    for (const source of [shots, pairing]) source.addEventListener("change", () => this.draw());
  }

  /** Those of this phone's owner of now; another owner's stay unseen. */
  get own() {
    return shots.all.filter((one) => one.ownerKey === pairing.now.ownerKey && one.state !== "draft");
  }

  draw() {
    if (!pairing.isConfirmed) return this.empty();
    const going = [...this.own].reverse();
    const all = [...going, ...sender.saved];
    for (const [shot, row] of this.rows) {
      if (all.includes(shot)) continue;
      row.remove();
      this.rows.delete(shot);
    }
    const nodes = all.map((shot) => this.of(shot));
    if (nodes.some((node, at) => this.list.children[at] !== node)) this.list.replaceChildren(...nodes);
    this.querySelector(".queue__head").hidden = !all.length;
    const unsaved = going.filter((one) => one.state !== "removed").length;
    const total = unsaved + pairing.memory.saved;
    this.querySelector("[data-sum]").textContent = `${pairing.memory.saved} of ${total} saved`;
    return null;
  }

  empty() {
    this.rows.clear();
    this.list.replaceChildren();
  }

  of(shot) {
    let row = this.rows.get(shot);
    if (!row) {
      row = this.row.cloneNode(true);
      this.rows.set(shot, row);
      for (const act of ["remove", "again", "retake", "undo"]) {
        row.querySelector(`[data-${act}]`).addEventListener("click", () => this[act](shot));
      }
    }
    this.fill(row, shot);
    return row;
  }

  async fill(row, shot) {
    const part = (name) => row.querySelector(`[data-${name}]`);
    const { icon, words } = this.words(shot);
    const place = shot.details.place || "Photo";
    part("place").textContent = place;
    if (part("state").textContent !== words) part("state").textContent = words;
    part("icon").setAttribute("href", `#i-${icon}`);
    part("icon").closest("svg").toggleAttribute("hidden", !icon);
    row.classList.toggle("queue__item--saved", !shot.state);
    row.classList.toggle("queue__item--failed", shot.state === "refused");
    const share = shot.state === "waiting" ? shot.share : null;
    part("progress").hidden = typeof share !== "number";
    part("progress").value = share || 0;
    part("progress").setAttribute("aria-label", `Sending ${place}`);
    part("undo").hidden = shot.state !== "removed";
    part("retake").hidden = shot.state !== "refused";
    part("remove").hidden = !(shot.state === "refused" || (shot.state === "waiting" && !shot.words));
    part("again").hidden = !(shot.state === "waiting" && shot.notBefore > performance.now());
    for (const act of ["remove", "again", "retake", "undo"]) part(act).setAttribute("aria-label", `${part(act).dataset[act]}: ${place}`);
    part("image").src = (await this.thumb(shot)) || part("image").src;
    part("image").hidden = !part("image").getAttribute("src");
  }

  thumb(shot) {
    return shot.id ? shots.thumb(shot) : shot.thumb;
  }

  words(shot) {
    if (!shot.state) return { icon: "check", words: "Saved" };
    if (shot.state === "removed") return { icon: "trash", words: "Removed" };
    if (shot.state === "refused") return { icon: "alert", words: `Not saved. ${shot.details.reason.replace(/^Not saved\. /, "")}` };
    if (typeof shot.share === "number" || shot.words === "Checking") return { icon: "", words: shot.words };
    if (shot.words) return { icon: "clock", words: `Not saved yet. ${shot.words}` };
    if (shot.held) return { icon: "alert", words: "Only in this page, leave it open" };
    const isEarlier = shot.takenUnder !== pairing.now.pairingId;
    return { icon: "clock", words: isEarlier ? "Kept on this phone, goes to your tray" : "Kept on this phone" };
  }

  async remove(shot) {
    const before = shot.state;
    await shots.change(shot, { state: "removed", before });
    setTimeout(() => shot.state === "removed" && shots.wipe(shot), UNDO_FOR);
  }

  undo(shot) {
    return shots.change(shot, { state: shot.before });
  }

  again(shot) {
    sender.hurry(shot);
  }

  retake(shot) {
    this.dispatchEvent(new CustomEvent("retake", { detail: shot, bubbles: true }));
  }
}
