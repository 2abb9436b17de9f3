"use strict";
// One image's way to the store: presign, PUT, receipt. It tries until it is saved, refused or removed.

class Sending extends EventTarget {
  /** `consultationId` is the one on screen at the drop; a later switch does not move the image. */
  constructor(file, consultationId) {
    super();
    Object.assign(this, { file, consultationId, state: "queued", imageId: null });
  }

  get isOver() {
    return ["saved", "refused", "removed"].includes(this.state);
  }

  get problem() {
    if (this.file.size === 0) return "The file is empty. Choose another one.";
    if (this.file.size > LARGEST) return "It is larger than 30 MB. Send a smaller copy.";
    if (!globalThis.crypto || !crypto.subtle) return "Images can only be sent over HTTPS. Open this page under its https address.";
    return "";
  }

  tell(state, details = {}) {
    if (this.isOver && state !== "removed") return;
    this.state = state;
    this.dispatchEvent(new CustomEvent("change", { detail: { state, ...details } }));
  }

  remove() {
    this.tell("removed");
    if (this.putting) this.putting.abort();
    if (this.wake) this.wake();
  }

  /** A new try after a refusal, or at once instead of after the pause. */
  again() {
    if (this.wake) return this.wake();
    Object.assign(this, { state: "queued", digest: null, ticket: null, isThere: false });
    return null;
  }

  async run() {
    if (this.problem) return this.tell("refused", { reason: this.problem, isHopeless: true });
    for (this.tries = 0; !this.isOver; this.tries += 1) {
      try {
        return await this.attempt();
      } catch (error) {
        if (this.isOver) return null;
        const reason = Sending.endOf(error);
        if (reason) return this.tell("refused", { reason, isHopeless: [413, 415, 422].includes(error.status) });
        await this.pause(error.wait || 0);
      }
    }
    return null;
  }

  async attempt() {
    if (!this.digest) this.digest = await this.hash();
    if (!this.ticket) {
      const ticket = await this.presign();
      this.imageId = ticket.imageId;
      if (ticket.duplicate) return this.tell("saved", { isDuplicate: true });
      this.ticket = ticket;
    }
    if (!this.isThere) await this.put();
    this.tell("checking");
    return this.tell("saved", { html: await this.receipt() });
  }

  async hash() {
    return fileFacts.sha256(await this.file.arrayBuffer());
  }

  async presign() {
    const answer = await asking.request("/api/uploads/presign", {
      method: "POST",
      patience: PATIENCE,
      headers: { "Content-Type": "application/json" },
      body: JSON.stringify({
        filename: this.file.name,
        mimeType: fileFacts.kind(this.file),
        size: this.file.size,
        sha256: this.digest,
        ...(this.consultationId && { sessionId: this.consultationId }),
      }),
    });
    return answer.json();
  }

  async put() {
    this.putting = new StorePut(this.ticket, this.file);
    this.putting.onProgress = (loaded, total) => this.tell("sending", { loaded, total });
    this.putting.onSent = () => this.tell("checking");
    const status = await this.putting.send();
    // 412: these bytes are there already, an earlier try got through.
    this.isThere = status === 200 || status === 412;
    if (this.isThere) return;
    if (status === 403) this.ticket = null; // The link ran out: ask for a fresh one.
    throw new Refusal("", { status: status === 403 ? 503 : status });
  }

  async receipt() {
    try {
      const url = `/api/uploads/${this.imageId}/receipt`;
      return await (await asking.request(url, { method: "POST", html: true, patience: PATIENCE })).text();
    } catch (error) {
      if (error.status !== 409) throw error;
      this.isThere = false; // Nothing arrived after all.
      throw new Refusal("", { status: 503 });
    }
  }

  /** Why it can't go on, in words; empty where waiting may help. */
  static endOf(error) {
    if (error.name === "TimeoutError") return "";
    if (error instanceof DOMException) return "The file can no longer be read. Choose it again.";
    if (!(error instanceof Refusal) || error.status === 0 || error.status === 429 || error.status >= 500) return "";
    if (error.status === 400) return error.message || "It changed while it was being sent. Try again.";
    return error.message || "The server refused it. Nothing was saved.";
  }

  /** 1-2-4…60 s with jitter, not shorter than the server asked; over at once when the network is back. */
  pause(seconds) {
    const milliseconds = Math.max(seconds * 1000, pauseAfter(this.tries));
    this.tell("waiting", { isOffline: !navigator.onLine });
    return new Promise((resolve) => {
      this.wake = () => {
        clearTimeout(timer);
        window.removeEventListener("online", this.wake);
        this.wake = null;
        resolve();
      };
      const timer = setTimeout(() => this.wake(), milliseconds);
      window.addEventListener("online", this.wake);
    });
  }
}
