"use strict";
// The images on their way from this window, four at a time. It outlives the page's parts:
// a switch of the consultation or a look at the note stops nothing.

const AT_ONCE = 4;

class SendingQueue extends EventTarget {
  constructor() {
    super();
    this.waiting = [];
    this.running = new Set();
    this.cards = new Map(); // Sending → its card, until it is saved or removed.
    this.sent = new Set(); // Ids of the images this window sent.
    window.addEventListener("beforeunload", (event) => {
      if (this.unsent) event.preventDefault();
    });
  }

  get unsent() {
    return this.waiting.length + this.running.size;
  }

  add(files, consultationId) {
    for (const file of files) {
      const one = new Sending(file, consultationId);
      this.cards.set(one, new SendingCard(one));
      one.addEventListener("change", ({ detail }) => this.hear(one, detail));
      this.waiting.push(one);
    }
    this.show();
    this.next();
  }

  again(one) {
    if (one.wake) return one.wake();
    one.again();
    this.waiting.push(one);
    return this.next();
  }

  next() {
    while (this.running.size < AT_ONCE && this.waiting.length) {
      const one = this.waiting.shift();
      if (one.state === "removed") continue;
      this.running.add(one);
      one.run().finally(() => {
        this.running.delete(one);
        this.next();
      });
    }
  }

  hear(one, detail) {
    if (one.imageId) this.sent.add(one.imageId);
    const card = this.cards.get(one);
    card.draw(detail);
    if (detail.state === "saved" || detail.state === "removed") this.cards.delete(one);
    if (detail.state === "removed") this.waiting = this.waiting.filter((other) => other !== one);
  }

  /** Puts the cards of what is not saved yet at the top of the grid that is there now. */
  show(grid = document.getElementById("grid")) {
    if (!grid) return;
    for (const { element } of this.cards.values()) {
      if (grid.contains(element)) continue;
      const twin = element.id && grid.querySelector(`#${CSS.escape(element.id)}`);
      if (twin) twin.replaceWith(element);
      else cards.today(grid).prepend(element);
    }
  }
}

const sending = new SendingQueue();
