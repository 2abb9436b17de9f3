"use strict";
// A key does what the button or link with its data-key does: the last one of the uppermost dialog, else of the page.

class HotKeys extends HTMLElement {
  connectedCallback() {
    if (this.hasAttribute("data-off")) return;
    this.onKey = (event) => this.press(event);
    document.addEventListener("keydown", this.onKey);
  }

  disconnectedCallback() {
    if (this.onKey) document.removeEventListener("keydown", this.onKey);
  }

  press(event) {
    if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    if (event.target.closest('input:not([type="radio"], [type="checkbox"]), textarea, select, [contenteditable]')) return;
    if (event.target.matches('[type="radio"]') && event.key.startsWith("Arrow")) return;
    if (event.key === "?") return this.help(event);
    const key = event.key === "=" ? "+" : event.key;
    const wanted = `[data-key="${CSS.escape(key.length === 1 ? key.toLowerCase() : key)}"]`;
    const dialogs = Array.from(document.querySelectorAll("dialog:modal"));
    const element = Array.from((dialogs.at(-1) || document).querySelectorAll(wanted)).filter((one) => one.checkVisibility() && !one.disabled).at(-1);
    if (!element) return null;
    event.preventDefault();
    if (element.matches("input")) element.select();
    else element.click();
    return null;
  }

  help(event) {
    event.preventDefault();
    const dialog = this.querySelector("dialog");
    if (!dialog.open) dialog.showModal();
  }
}

customElements.define("hot-keys", HotKeys);
