"use strict";
// The images on this phone, in the order they were taken. All windows of this browser share them.
// A shot is a draft until its labels are given, waits until it is saved, and then is wiped.

class Shots extends EventTarget {
  constructor() {
    super();
    this.all = [];
    this.held = []; // In this window alone: the disk took nothing.
    this.others = new BroadcastChannel("clinicpro-phone");
    this.others.onmessage = () => pairing.recall().then(() => this.load());
    window.addEventListener("beforeunload", (event) => this.held.length && event.preventDefault());
  }

  /** What is on the disk now; what this window knows of it besides is kept. */
  load() {
    this.loading = (this.loading || Promise.resolve()).catch(() => {}).then(async () => {
      const rows = await vault.act(["shots"], "readonly", (store) => store.getAll());
      const kept = await Promise.all(rows.map((row) => this.of(row)));
      this.all = [...kept, ...this.held].sort((one, other) => one.id - other.id);
      this.tell(false);
    });
    return this.loading;
  }

  async of({ details, thumb, ...plain }) {
    const shot = this.all.find((one) => one.id === plain.id) || { tries: 0, notBefore: 0, thumb: "" };
    if (shot.isAhead) return shot;
    return Object.assign(shot, plain, { sealedThumb: thumb, details: await vault.unsealWords(details) });
  }

  tell(isOurs = true) {
    this.dispatchEvent(new CustomEvent("change"));
    if (isOurs) this.others.postMessage("changed");
  }

  /** Keeps the file, encrypted, before anything is asked about it. Throws where it can't be read. */
  async add(file, under) {
    const bytes = await file.arrayBuffer();
    const facts = { filename: file.name, mimeType: fileFacts.kind(file), size: bytes.byteLength, sha256: await fileFacts.sha256(bytes) };
    const shot = { state: "draft", takenUnder: under.pairingId, ownerKey: under.ownerKey, imageId: null, isThere: false };
    await this.write(shot, facts, bytes).then(() => this.load(), () => this.hold(shot, facts, bytes));
    this.tell();
  }

  async write(shot, facts, bytes) {
    const row = { ...shot, details: await vault.sealWords(facts) };
    const sealed = await vault.seal(bytes);
    return vault.act(["shots", "bytes"], "readwrite", (shots, store) => {
      const added = shots.add(row);
      added.onsuccess = () => store.put(sealed, added.result);
      return added;
    });
  }

  /** No room: it can still be looked at and sent, as long as the page stays open. */
  hold(shot, details, bytes) {
    const id = Math.max(0, ...this.all.map((one) => one.id)) + 0.001; // In its place among the others.
    this.held.push({ ...shot, id, details, held: new Blob([bytes], { type: details.mimeType }), tries: 0, notBefore: 0, thumb: "" });
    this.all.push(this.held.at(-1));
  }

  /** Where the disk does not take the change this window alone knows of it. */
  async change(shot, changes) {
    const { pixels, ...plain } = changes;
    Object.assign(shot, plain);
    if (pixels) shot.thumb = URL.createObjectURL(pixels);
    if (!shot.held) shot.isAhead = await this.rewrite(shot, pixels).then(() => false, () => true);
    this.tell();
  }

  /** Nothing is written where another window has wiped it meanwhile. */
  async rewrite(shot, pixels) {
    const { id, state, takenUnder, ownerKey, imageId, isThere } = shot;
    const row = { id, state, takenUnder, ownerKey, imageId, isThere, details: await vault.sealWords(shot.details) };
    if (pixels) shot.sealedThumb = await vault.seal(await pixels.arrayBuffer());
    row.thumb = shot.sealedThumb;
    await vault.act(["shots"], "readwrite", (store) => {
      const kept = store.getKey(id);
      kept.onsuccess = () => kept.result === undefined || store.put(row);
    });
  }

  /** Leaves nothing of it on the phone. */
  async wipe(shot) {
    if (shot.held) this.held = this.held.filter((one) => one !== shot);
    else {
      await vault.act(["shots", "bytes"], "readwrite", (shots, bytes) => {
        bytes.delete(shot.id);
        return shots.delete(shot.id);
      });
    }
    this.all = this.all.filter((one) => one !== shot);
    this.tell();
  }

  async content(shot) {
    if (shot.held) return shot.held;
    const kept = await vault.read("bytes", shot.id);
    return kept && new Blob([await vault.unseal(kept)], { type: shot.details.mimeType });
  }

  /** A small picture of what `image`, an <img>, shows; null where it shows nothing. */
  small(image) {
    const { naturalWidth, naturalHeight } = image;
    if (!naturalWidth) return null;
    const scale = Math.min(1, 192 / Math.max(naturalWidth, naturalHeight));
    const canvas = Object.assign(document.createElement("canvas"), { width: Math.ceil(naturalWidth * scale), height: Math.ceil(naturalHeight * scale) });
    canvas.getContext("2d").drawImage(image, 0, 0, canvas.width, canvas.height);
    return new Promise((resolve) => canvas.toBlob(resolve, "image/jpeg", 0.8));
  }

  /** The address of a small picture of it, in this window's memory. */
  async thumb(shot) {
    if (!shot.thumb && shot.sealedThumb) {
      shot.thumb = URL.createObjectURL(new Blob([await vault.unseal(shot.sealedThumb)], { type: "image/jpeg" }));
    }
    return shot.thumb;
  }
}

const shots = new Shots();
