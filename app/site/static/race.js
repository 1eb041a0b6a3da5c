// The first page works without this. It saves clicks: it shows what was chosen at once, slides
// through the revisions, and copies addresses.
"use strict";

const form = document.querySelector("form.choose");
const boxes = [...form.querySelectorAll("input[name=countries]")];
const revisions = document.getElementById("as_of");
const slide = document.getElementById("slide");
const PAUSE = 700; // milliseconds, in which a second choice can follow the first
let waiting = 0;

function showSoon(control) {
  clearTimeout(waiting);
  const chosen = boxes.filter((box) => box.checked).length;
  if (chosen < 2) return; // of which nothing can be compared
  waiting = setTimeout(() => {
    sessionStorage.setItem("focus", control.id);
    form.requestSubmit();
  }, PAUSE);
}

function limitCountries() {
  const full = boxes.filter((box) => box.checked).length >= 6;
  for (const box of boxes) box.disabled = full && !box.checked;
}

function setUpSlide() {
  // The first option is "now"; the second is the same revision by its number, which a slide skips.
  const options = [...revisions.options].filter((_, place) => place !== 1).reverse();
  if (options.length < 2) return;
  const selected = revisions.selectedIndex === 1 ? revisions.options[0] : revisions.selectedOptions[0];
  const tell = () => slide.setAttribute("aria-valuetext", options[slide.value].text);
  slide.min = 0;
  slide.max = options.length - 1;
  slide.value = options.indexOf(selected);
  slide.hidden = false;
  tell();
  slide.addEventListener("input", () => {
    options[slide.value].selected = true;
    tell();
    showSoon(slide);
  });
}

async function copy(button) {
  const address = new URL(button.dataset.copy, location.href).href;
  try {
    await navigator.clipboard.writeText(address);
  } catch {
    // Without https there is no clipboard to write to; a selection can still be copied.
    const code = button.previousElementSibling.querySelector("code");
    getSelection().selectAllChildren(code);
    code.textContent = address;
    document.execCommand("copy");
  }
  button.firstChild.data = "Copied";
  button.dataset.copied = address;
  setTimeout(() => { button.firstChild.data = "Copy"; }, 2000);
}

limitCountries();
setUpSlide();
for (const box of boxes) {
  box.addEventListener("change", () => { limitCountries(); showSoon(box); });
}
revisions.addEventListener("change", () => showSoon(revisions));
for (const button of document.querySelectorAll("button.copy")) {
  button.hidden = false;
  button.addEventListener("click", () => copy(button));
}

const focused = sessionStorage.getItem("focus");
sessionStorage.removeItem("focus");
if (focused) {
  const control = document.getElementById(focused);
  const folded = control?.closest("details");
  if (folded) folded.open = true;
  control?.focus({ preventScroll: true });
}
