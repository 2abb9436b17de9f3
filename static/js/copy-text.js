"use strict";
// Copies what `for` names: a field's value, an element's text, or its [data-copy] parts in order.

class CopyText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => this.copy());
  }

  async copy() {
    try {
      await navigator.clipboard.writeText(CopyText.wordsOf(document.getElementById(this.getAttribute("for"))));
      notices.toast(this.dataset.done);
    } catch {
      notices.alert("danger", "The browser did not let us copy", "Select the text and press Ctrl C.");
    }
  }

  static wordsOf(element) {
    const parts = element.querySelectorAll("[data-copy]");
    if (!parts.length) return CopyText.textOf(element);
    return Array.from(parts, (part) => {
      const text = CopyText.textOf(part);
      return text && part.dataset.copy ? `${part.dataset.copy}\n${text}` : text;
    }).filter(Boolean).join("\n\n");
  }

  static textOf(element) {
    if (element.value !== undefined) return element.value.trim();
    return element.querySelector("p") ? element.innerText.trim() : element.textContent.replace(/\s+/g, " ").trim();
  }
}

customElements.define("copy-text", CopyText);
