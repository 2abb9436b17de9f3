"use strict";
// Words typed into a field outlive its element: the viewer may close, another image be looked at.
// They are kept in memory only, under data-keep, until the server has taken them.

class KeptText extends HTMLElement {
  static words = new Map();

  static drop(key) {
    KeptText.words.delete(key);
  }

  connectedCallback() {
    const field = this.querySelector("input, textarea");
    const key = this.dataset.keep;
    if (KeptText.words.has(key)) field.value = KeptText.words.get(key);
    field.addEventListener("input", () => KeptText.words.set(key, field.value));
  }
}

customElements.define("kept-text", KeptText);
