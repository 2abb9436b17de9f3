"use strict";
// Images come in by drop anywhere on the page, by choosing, or from the clipboard.

class ImageUpload extends HTMLElement {
  connectedCallback() {
    this.away = new AbortController();
    const listen = (name, hear) => document.addEventListener(name, hear, { signal: this.away.signal });
    listen("dragover", (event) => this.hover(event));
    listen("dragleave", (event) => event.relatedTarget === null && this.show(false));
    listen("drop", (event) => this.drop(event));
    listen("paste", (event) => this.paste(event));
    this.field = this.querySelector('input[type="file"]');
    this.querySelector("[data-choose]").addEventListener("click", () => this.field.click());
    this.field.addEventListener("change", () => {
      this.send(this.field.files);
      this.field.value = "";
    });
  }

  disconnectedCallback() {
    this.away.abort();
  }

  send(files) {
    if (files.length) sending.add(files, this.dataset.consultationId);
  }

  // Behind an open dialog nobody sees where the images would go.
  get isCovered() {
    return document.querySelector("dialog:modal") !== null;
  }

  hover(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault();
    if (this.isCovered) return void (event.dataTransfer.dropEffect = "none");
    event.dataTransfer.dropEffect = "copy";
    const count = Array.from(event.dataTransfer.items).filter((item) => item.kind === "file").length;
    this.querySelector("[data-count]").textContent = count === 1 ? "1 image" : `${count || ""} images`.trim();
    this.show(true);
  }

  drop(event) {
    if (!event.dataTransfer.types.includes("Files")) return;
    event.preventDefault(); // Else the browser opens the file in place of the page.
    this.show(false);
    if (!this.isCovered) this.send(Array.from(event.dataTransfer.files));
  }

  show(isOver) {
    this.querySelector("[data-drop]").togglePopover(isOver);
    this.classList.toggle("upload--over", isOver);
  }

  // A screenshot has no name of its own. Text in the clipboard belongs to the field it is pasted into.
  paste(event) {
    const files = Array.from(event.clipboardData.files).filter((file) => file.type.startsWith("image/"));
    if (!files.length || this.isCovered) return;
    if (event.target.closest("input, textarea") && event.clipboardData.types.includes("text/plain")) return;
    event.preventDefault();
    const time = new Date().toLocaleTimeString("en-NZ", { timeZone: "Pacific/Auckland", hour12: false }).replaceAll(":", ".");
    this.send(files.map((file) => {
      const ending = file.type.split("/")[1].replace("jpeg", "jpg");
      return file.name === "image.png" ? new File([file], `Pasted ${time}.${ending}`, { type: file.type }) : file;
    }));
  }
}

customElements.define("image-upload", ImageUpload);
