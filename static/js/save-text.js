"use strict";
// Saves the text that `for` names as a file, made in the browser.

class SaveText extends HTMLElement {
  connectedCallback() {
    this.addEventListener("click", () => {
      const words = CopyText.wordsOf(document.getElementById(this.getAttribute("for")));
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([`${words}\n`], { type: "text/plain" }));
      link.download = this.dataset.filename;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
  }
}

customElements.define("save-text", SaveText);
