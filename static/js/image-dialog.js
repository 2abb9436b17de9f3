"use strict";
// The viewer over the desk. Links with data-viewer open it or step inside it; its URL is the image's own,
// Esc, the close button and the browser's Back return to the page behind, which stays as it was.

class ImageDialog extends HTMLElement {
  connectedCallback() {
    this.dialog = this.querySelector("dialog");
    this.slot_ = this.querySelector("#viewer-slot");
    document.addEventListener("click", (event) => this.follow(event));
    this.dialog.addEventListener("cancel", (event) => {
      if (event.target !== this.dialog) return;
      event.preventDefault();
      this.leave();
    });
    this.dialog.addEventListener("close", (event) => event.target === this.dialog && this.clear());
    // Before htmx, which would fetch the whole page again.
    window.addEventListener("popstate", (event) => this.onHistory(event), true);
    document.addEventListener("htmx:afterRequest", ({ detail }) => {
      const asked = detail.requestConfig.elt; // detail.elt is a parent where the answer took its place.
      if (!detail.successful) return;
      if (asked.matches("[data-leaves]")) this.leave();
      if (asked.matches("[data-renames]")) this.rename();
    });
  }

  /** The page is an image's own page, not the desk with the viewer over it. */
  get isOwnPage() {
    return document.querySelector("#page #viewer") !== null;
  }

  follow(event) {
    if (event.button !== 0 || event.ctrlKey || event.metaKey || event.shiftKey) return;
    const link = event.target.closest("a[data-viewer], #viewer a[data-close]");
    if (!link || this.isOwnPage) return;
    event.preventDefault();
    if (link.hasAttribute("data-close")) this.leave();
    else this.show(link.href, link);
  }

  async show(href, link) {
    await htmx.ajax("GET", href, { source: link.isConnected ? link : document.body, target: "#viewer-slot", swap: "innerHTML" });
    const viewer = this.slot_.querySelector("#viewer");
    if (!viewer) return;
    this.image = viewer.dataset.image;
    if (location.href !== href) history[this.dialog.open ? "replaceState" : "pushState"]({ viewer: true }, "", href);
    this.title_ ??= document.title;
    document.title = viewer.dataset.title;
    this.open();
  }

  // What is modal hides the rest of the page, messages included: they come along.
  open() {
    if (this.dialog.open) return;
    this.dialog.append(document.getElementById("alerts"), document.getElementById("toasts"));
    this.dialog.showModal();
  }

  // The details changed what the image is called.
  rename() {
    const what = document.querySelector("#viewer .viewer__what");
    htmx.ajax("GET", location.pathname, { source: what, target: what, select: ".viewer__what", swap: "outerHTML" });
  }

  leave() {
    if (this.isOwnPage) location.assign("/");
    else if (this.dialog.open && history.state && history.state.viewer) history.back();
    else if (this.dialog.open) this.dialog.close();
  }

  onHistory(event) {
    const isImage = /^\/images\/[0-9a-f-]{36}$/.test(location.pathname);
    if (this.isOwnPage || (!isImage && !this.dialog.open)) return;
    event.stopImmediatePropagation();
    if (isImage) this.show(location.href, document.body);
    else this.dialog.close();
  }

  clear() {
    this.before(document.getElementById("alerts"), document.getElementById("toasts"));
    htmx.swap(this.slot_, "", { swapStyle: "innerHTML" });
    if (this.title_) document.title = this.title_;
    this.title_ = null;
    const card = document.querySelector(`#page #${CSS.escape(this.image)} .card__open`);
    if (card) card.focus({ preventScroll: true });
  }
}

customElements.define("image-dialog", ImageDialog);
