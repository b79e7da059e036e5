// The little work that the sign-up form asks of a browser: it looks for a number, and sends nothing anywhere by itself.
// The same file works in the background (Worker) where that may be, and in short slices on the page where it may not.
"use strict";

(() => {
  const K = new Int32Array([
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2,
  ]);
  const BEGIN = [
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19,
  ];
  const state = new Int32Array(8);
  const w = new Int32Array(64);

  // SHA-256 (FIPS 180-4) of a text in ASCII, into `state`.
  function hash(text) {
    const length = text.length;
    const blocks = ((length + 8) >> 6) + 1;
    state.set(BEGIN);
    for (let block = 0; block < blocks; block += 1) {
      for (let i = 0; i < 16; i += 1) {
        let word = 0;
        for (let j = 0; j < 4; j += 1) {
          const at = block * 64 + i * 4 + j;
          word = (word << 8) | (at < length ? text.charCodeAt(at) & 0xff : at === length ? 0x80 : 0);
        }
        w[i] = word;
      }
      if (block === blocks - 1) w[15] = length * 8;
      for (let i = 16; i < 64; i += 1) {
        const a = w[i - 15];
        const b = w[i - 2];
        const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
        const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
        w[i] = (w[i - 16] + s0 + w[i - 7] + s1) | 0;
      }
      let [a, b, c, d, e, f, g, h] = state;
      for (let i = 0; i < 64; i += 1) {
        const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
        const t1 = (h + s1 + ((e & f) ^ (~e & g)) + K[i] + w[i]) | 0;
        const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
        const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
        h = g; g = f; f = e; e = (d + t1) | 0; d = c; c = b; b = a; a = (t1 + t2) | 0;
      }
      state[0] += a; state[1] += b; state[2] += c; state[3] += d;
      state[4] += e; state[5] += f; state[6] += g; state[7] += h;
    }
  }

  // Whether a number is the answer: the hash begins with so many zero bits, at most 32 of them.
  function solves(challenge, bits, number) {
    hash(challenge + ":" + number);
    return Math.clz32(state[0]) >= bits;
  }

  // In the background: from the first number to the answer in one go.
  if (typeof document === "undefined") {
    self.onmessage = (event) => {
      const { challenge, bits } = event.data;
      let number = 0;
      while (!solves(challenge, bits, number)) number += 1;
      self.postMessage(String(number));
    };
    return;
  }

  const own = document.currentScript.src;

  function inSlices(challenge, bits, done) {
    let number = 0;
    const slice = () => {
      const end = performance.now() + 12;
      do {
        for (let i = 0; i < 50; i += 1, number += 1) {
          if (solves(challenge, bits, number)) return done(String(number));
        }
      } while (performance.now() < end);
      setTimeout(slice, 0);
    };
    slice();
  }

  function solve(challenge, bits, done) {
    let worker;
    try {
      worker = new Worker(own);
    } catch {
      inSlices(challenge, bits, done);
      return;
    }
    worker.onmessage = (event) => { worker.terminate(); done(event.data); };
    worker.onerror = () => { worker.terminate(); inSlices(challenge, bits, done); };
    worker.postMessage({ challenge, bits });
  }

  function look(form) {
    const answer = form.querySelector("[name=answer]");
    const status = form.querySelector("[data-effort-status]");
    // A browser that comes back to the page may have kept the answer to another question.
    answer.value = "";
    let begun = false;
    let pressed = null;
    const begin = () => {
      if (begun) return;
      begun = true;
      solve(form.dataset.effort, Number(form.dataset.bits), (number) => {
        answer.value = number;
        if (status) status.textContent = status.dataset.ready;
        if (pressed) form.requestSubmit(pressed.button);
      });
    };
    form.addEventListener("focusin", begin);
    // Where there is nothing to fill in, the work begins with the page.
    if ("now" in form.dataset) {
      if (status) status.textContent = status.dataset.working;
      begin();
    }
    // Nothing is sent before somebody presses the button; pressed too early, it is sent once the answer is there.
    form.addEventListener("submit", (event) => {
      if (answer.value) return;
      event.preventDefault();
      pressed = { button: event.submitter || undefined };
      form.setAttribute("aria-busy", "true");
      begin();
    });
  }

  document.querySelectorAll("form[data-effort]").forEach(look);
})();
