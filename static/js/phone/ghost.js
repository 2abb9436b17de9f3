"use strict";
// An earlier photo that the desk shows here, to take the same view again. It is in this window's
// memory alone, goes with the pairing, and when nothing was heard of the practice for a while.

const UNHEARD = 5 * 60_000; // ms

class Ghost extends EventTarget {
  constructor() {
    super();
    Object.assign(this, { facts: null, url: "" });
    pairing.addEventListener("change", () => this.follow());
    document.addEventListener("visibilitychange", () => this.follow());
  }

  /** What the practice would have shown now; its link is another each time. */
  get wanted() {
    const isHeard = Date.now() - pairing.heardAt < UNHEARD;
    return (pairing.isConfirmed && isHeard && pairing.now.ghost) || null;
  }

  isWanted({ id, words }) {
    return this.wanted?.id === id && this.wanted.words === words;
  }

  follow() {
    if (this.facts && !this.isWanted(this.facts)) {
      URL.revokeObjectURL(this.url);
      this.set(null, "");
    }
    if (this.wanted && !this.facts && !this.isFetching) this.fetch(this.wanted);
  }

  set(facts, url) {
    Object.assign(this, { facts, url });
    this.dispatchEvent(new CustomEvent("change"));
  }

  async fetch(wanted) {
    this.isFetching = true;
    try {
      const answer = await fetch(wanted.url, { cache: "no-store", signal: AbortSignal.timeout(PATIENCE) });
      const content = await answer.blob();
      if (answer.ok && this.isWanted(wanted)) this.set(wanted, URL.createObjectURL(content));
    } catch {
      // The next look has another link.
    } finally {
      this.isFetching = false;
    }
  }
}

const ghost = new Ghost();
