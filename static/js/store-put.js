"use strict";
// One PUT of a file straight to the store, with progress, which fetch() does not tell.

class StorePut {
  constructor({ uploadUrl, headers }, file) {
    Object.assign(this, { uploadUrl, headers, file, xhr: new XMLHttpRequest() });
  }

  abort() {
    this.xhr.abort();
  }

  /** The status of the answer; 0 where there was none. */
  send() {
    return new Promise((resolve) => {
      this.xhr.open("PUT", this.uploadUrl);
      for (const [name, value] of Object.entries(this.headers)) {
        if (!/^(host|content-length)$/i.test(name)) this.xhr.setRequestHeader(name, value); // Those two are the browser's.
      }
      this.xhr.upload.onprogress = ({ loaded, total }) => this.onProgress(loaded, total);
      this.xhr.upload.onload = () => this.onSent();
      this.xhr.onload = () => resolve(this.xhr.status);
      for (const end of ["error", "abort", "timeout"]) this.xhr.addEventListener(end, () => resolve(0));
      this.xhr.send(this.file);
    });
  }
}
