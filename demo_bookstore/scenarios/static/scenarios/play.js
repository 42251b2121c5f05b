"use strict";

// A scenario takes a second or two, one with a worker ten: say so, and send it once.
document.getElementById("play")?.addEventListener("submit", (event) => {
  const button = event.target.querySelector("button");
  button.textContent = button.dataset.busy;
  button.disabled = true;
});

// A page that is shown again from the browser's memory is not playing any more.
window.addEventListener("pageshow", (event) => {
  if (event.persisted) {
    window.location.reload();
  }
});
