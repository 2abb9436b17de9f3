"use strict";
// Zoom and pan by wheel, pinch, double click, drag and buttons; all pixels are loaded once they can be seen.

const STEP = 1.5;
const CLOSEST = 4; // Screen pixels per pixel of the image.

class ZoomStage extends HTMLElement {
  async connectedCallback() {
    this.image = this.querySelector(".stage__image");
    await Promise.all([ZoomStage.library(this.dataset.src), this.image.decode().catch(() => null)]);
    if (!this.isConnected) return;
    this.view = this.querySelector(".stage__zoomable");
    this.size = { width: Number(this.image.getAttribute("width")), height: Number(this.image.getAttribute("height")) };
    this.classList.add("stage--zooming");
    this.panzoom = Panzoom(this.image, { minScale: 1, panOnlyWhenZoomed: true, cursor: "grab", step: 0.25 });
    this.fit();
    this.image.addEventListener("panzoomchange", () => this.onChange());
    this.view.addEventListener("wheel", (event) => this.panzoom.zoomWithWheel(event), { passive: false });
    this.view.addEventListener("dblclick", (event) => this.toggle(event));
    this.addEventListener("click", (event) => {
      const button = event.target.closest("[data-zoom]");
      if (button) this.zoom(button.dataset.zoom);
    });
    this.image.addEventListener("error", () => this.renew());
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(this.view);
    this.showInStrip();
  }

  // Of many images the strip shows the place where this one is.
  showInStrip() {
    const strip = this.parentElement.querySelector(".filmstrip");
    const here = strip && strip.querySelector("[aria-current]");
    if (here) strip.scrollLeft = here.offsetLeft - strip.offsetLeft - (strip.clientWidth - here.clientWidth) / 2;
  }

  disconnectedCallback() {
    if (this.resize) this.resize.disconnect();
    if (this.panzoom) this.panzoom.destroy();
  }

  static library(src) {
    ZoomStage.loading ??= new Promise((resolve, reject) => {
      const script = Object.assign(document.createElement("script"), { src, onload: resolve, onerror: reject });
      document.head.append(script);
    });
    return ZoomStage.loading;
  }

  get scale() {
    return this.panzoom.getScale();
  }

  /** The whole image, never larger than its own pixels. */
  fit() {
    const { clientWidth, clientHeight } = this.view;
    if (!clientWidth || !clientHeight) return;
    this.fitted = Math.min(1, clientWidth / this.size.width, clientHeight / this.size.height);
    this.image.style.width = `${this.size.width * this.fitted}px`;
    this.image.style.height = `${this.size.height * this.fitted}px`;
    this.panzoom.setOptions({ maxScale: Math.max(2, CLOSEST / this.fitted) });
    this.panzoom.reset({ animate: false });
    this.onChange();
  }

  zoom(way) {
    if (way === "fit") this.panzoom.reset({ animate: true });
    else this.panzoom.zoom(this.scale * (way === "in" ? STEP : 1 / STEP), { animate: true });
  }

  toggle(event) {
    if (this.scale > 1.01) this.panzoom.reset({ animate: true });
    else this.panzoom.zoomToPoint(Math.max(2, 1 / this.fitted), event, { animate: true });
  }

  onChange() {
    if (!this.fitted) return;
    this.keepInView();
    const percent = Math.round(this.scale * this.fitted * 100);
    this.querySelector("[data-percent]").textContent = this.scale > 1.01 ? `${percent}%` : `Fit · ${percent}%`;
    const seen = this.image.clientWidth * this.scale * devicePixelRatio;
    if (seen > this.image.naturalWidth * 1.05) this.loadFull();
  }

  // Panzoom counts its pan in the image's own units, before the scale.
  keepInView() {
    const { x, y } = this.panzoom.getPan();
    const most = (inner, outer) => Math.max(0, (inner * this.scale - outer) / 2 / this.scale);
    const limit = (value, edge) => Math.min(edge, Math.max(-edge, value));
    const kept = { x: limit(x, most(this.image.clientWidth, this.view.clientWidth)), y: limit(y, most(this.image.clientHeight, this.view.clientHeight)) };
    if (Math.abs(kept.x - x) > 0.5 || Math.abs(kept.y - y) > 0.5) this.panzoom.pan(kept.x, kept.y, { silent: true, force: true });
  }

  // The size on screen is fixed, so that exchanging the pixels moves nothing.
  async loadFull() {
    const full = this.image.dataset.full;
    if (!full || this.isLoading) return;
    this.isLoading = true;
    const note = this.querySelector("[data-note]");
    const words = note.textContent;
    note.textContent = `${words} · loading all pixels`;
    try {
      const all = new Image();
      all.src = full;
      await all.decode();
      this.image.src = full;
      note.textContent = `${words} · all pixels`;
    } catch {
      note.textContent = words;
      this.renew();
    }
  }

  // The links have run out: take the stage anew, once.
  renew() {
    if (this.dataset.renewed) return;
    this.dataset.renewed = "yes";
    htmx.ajax("GET", this.image.dataset.url, { source: this, target: "#stage", select: "#stage", swap: "outerHTML" });
  }
}

customElements.define("zoom-stage", ZoomStage);
