// Nearest labelled examples come after the page: their search must keep nobody from reading. Without this script a link leads to them.
"use strict";
(() => {
  const place = document.querySelector("[data-nearest]");
  if (!place) return;
  fetch(place.dataset.nearest, { headers: { Accept: "text/html" } })
    .then((answer) => (answer.ok && !answer.redirected ? answer.text() : Promise.reject(new Error("none"))))
    .then((text) => {
      const found = new DOMParser().parseFromString(text, "text/html").querySelector("#nearest");
      if (found) place.replaceWith(document.adoptNode(found));
    })
    .catch(() => { /* the link stays */ });
})();
