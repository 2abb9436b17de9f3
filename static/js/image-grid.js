"use strict";
// The gallery keeps itself up to date: changes on the stream and on focus, earlier images on the way down.

class ImageGrid extends HTMLElement {
  connectedCallback() {
    this.onChange = () => this.refresh();
    document.addEventListener("live:images-changed", this.onChange);
    window.addEventListener("focus", this.onChange);
    this.addEventListener("error", (event) => this.reload(event.target), true);
    this.tries = new Map(); // A thumbnail's link → how often it did not load.
    this.watch = new IntersectionObserver((entries) => {
      if (entries.some((entry) => entry.isIntersecting)) this.more();
    }, { rootMargin: "800px" });
    this.watchMore();
    sending.show(this);
  }

  disconnectedCallback() {
    document.removeEventListener("live:images-changed", this.onChange);
    window.removeEventListener("focus", this.onChange);
    this.watch.disconnect();
  }

  get page() {
    return this.querySelector(".grid__page");
  }

  async ask(url, background = false) {
    const answer = await asking.request(url, { html: true, background });
    return asking.parse(await answer.text()).firstElementChild;
  }

  // One question at a time; what is announced meanwhile asks once more afterwards.
  async refresh() {
    if (this.isAsking) return void (this.isStale = true);
    this.isAsking = true;
    try {
      const since = encodeURIComponent(this.page.dataset.since);
      const answer = await this.ask(`${this.dataset.changes}?since=${since}&${this.dataset.query}`, true);
      if (!this.isConnected) return;
      arrivals.welcome(this, cards.merge(this, answer), Date.parse(answer.dataset.since));
      this.page.dataset.since = answer.dataset.since;
    } catch {
      // The next announcement, or the window's focus, asks again.
    } finally {
      this.isAsking = false;
      if (this.isStale && this.isConnected) {
        this.isStale = false;
        this.refresh();
      }
    }
  }

  watchMore() {
    this.watch.disconnect();
    const more = this.querySelector("#more");
    if (more) this.watch.observe(more);
  }

  async more() {
    const more = this.querySelector("#more");
    if (!more || this.isLoading) return;
    this.isLoading = true;
    try {
      const answer = await this.ask(more.dataset.more);
      const next = answer.querySelector("#more");
      cards.merge(this, answer);
      if (next) more.replaceWith(next);
      else more.remove();
      this.isLoading = false;
      this.watchMore();
    } catch {
      this.isLoading = false; // The link stays; the next look at it, or a click, tries again.
    }
  }

  // A thumbnail whose link has run out: fetch its card anew. Where the link is still good the store
  // is away: ask it again, less and less often.
  async reload(image) {
    const card = image.closest && image.closest(".card:not([data-sending])");
    if (!card) return;
    const tries = this.tries.get(image.src) || 0;
    this.tries.set(image.src, tries + 1);
    if (tries % 8 === 0 && (await this.hasNewLink(card, image))) return;
    setTimeout(() => image.isConnected && image.setAttribute("src", image.src), pauseAfter(tries));
  }

  async hasNewLink(card, image) {
    try {
      const theirs = await this.ask(`/images/${card.id.slice("image-".length)}/card`, true);
      if (theirs.querySelector("img").src === image.src) return false;
      if (card.isConnected) cards.replace(card, theirs);
      return true;
    } catch {
      return false; // The server is away as well.
    }
  }
}

customElements.define("image-grid", ImageGrid);
