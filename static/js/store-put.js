"use strict";
// One PUT of a file straight to the store, with progress, which fetch() does not tell.

const STALLED = 30_000; // ms: a PUT that moves nothing this long is dead

class StorePut {
  constructor({ uploadUrl, headers }, file) {
    Object.assign(this, { uploadUrl, headers, file, xhr: new XMLHttpRequest() });
  }

  abort() {
    this.xhr.abort();
  }

  /** The status of the answer; 0 where there was none, also when it stalled. */
  async send() {
    try {
      return await this.answer();
    } finally {
      clearTimeout(this.timer);
    }
  }

  answer() {
    return new Promise((resolve) => {
      this.xhr.open("PUT", this.uploadUrl);
      for (const [name, value] of Object.entries(this.headers)) {
        if (!/^(host|content-length)$/i.test(name)) this.xhr.setRequestHeader(name, value); // Those two are the browser's.
      }
      this.xhr.upload.onprogress = ({ loaded, total }) => this.moves(() => this.onProgress(loaded, total));
      this.xhr.upload.onload = () => this.moves(() => this.onSent());
      this.xhr.onload = () => resolve(this.xhr.status);
      for (const end of ["error", "abort", "timeout"]) this.xhr.addEventListener(end, () => resolve(0));
      this.moves(() => this.onProgress(0, this.file.size));
      this.xhr.send(this.file);
    });
  }

  moves(tell) {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => this.abort(), STALLED);
    tell();
  }
}
