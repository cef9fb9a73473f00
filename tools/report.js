"use strict";

const panels = [...document.querySelectorAll(".panel[data-graph]")];

// Draw a graph at a scale, and keep what is in the middle of the view there.
function zoom(panel, scale) {
  const view = panel.querySelector(".view");
  const svg = view.querySelector("svg");
  const old = Number(panel.dataset.scale) || 1;
  const x = (view.scrollLeft + view.clientWidth / 2) / old;
  const y = (view.scrollTop + view.clientHeight / 2) / old;
  const size = Math.min(Math.max(scale, 0.02), 3);
  svg.setAttribute("width", svg.viewBox.baseVal.width * size);
  svg.setAttribute("height", svg.viewBox.baseVal.height * size);
  panel.dataset.scale = size;
  view.scrollLeft = x * size - view.clientWidth / 2;
  view.scrollTop = y * size - view.clientHeight / 2;
}

function fit(panel) {
  const view = panel.querySelector(".view");
  const box = view.querySelector("svg").viewBox.baseVal;
  zoom(panel, Math.min(view.clientWidth / box.width, view.clientHeight / box.height, 1));
}

function fitWidth(panel) {
  const view = panel.querySelector(".view");
  const box = view.querySelector("svg").viewBox.baseVal;
  zoom(panel, Math.min((view.clientWidth - 16) / box.width, 1));
  view.scrollTop = 0;
}

for (const panel of panels) {
  const scale = () => Number(panel.dataset.scale) || 1;
  panel.querySelector("[data-do=in]").onclick = () => zoom(panel, scale() * 1.25);
  panel.querySelector("[data-do=out]").onclick = () => zoom(panel, scale() / 1.25);
  panel.querySelector("[data-do=fit]").onclick = () => fit(panel);
  panel.querySelector("[data-do=width]").onclick = () => fitWidth(panel);
  panel.querySelector(".view").addEventListener("wheel", (event) => {
    if (!event.ctrlKey) return;
    event.preventDefault();
    zoom(panel, scale() * Math.exp(-event.deltaY / 300));
  }, { passive: false });
  fitWidth(panel);
}

// A step that is opened shows its ops in both graphs.
function show(step) {
  for (const panel of panels) {
    const names = new Set(step.dataset[panel.dataset.graph].split(" "));
    const found = [...panel.querySelectorAll("g[data-name]")].filter((node) =>
      node.dataset.name.split(" ").some((name) => names.has(name)));
    for (const node of found) node.classList.add("lit");
    if (found.length === 0) continue;
    const view = panel.querySelector(".view");
    const place = found[0].getBoundingClientRect();
    const frame = view.getBoundingClientRect();
    view.scrollTop += place.top - frame.top - view.clientHeight / 3;
    view.scrollLeft += place.left - frame.left - view.clientWidth / 3;
  }
}

for (const step of document.querySelectorAll("details[data-before]")) {
  step.querySelector("summary").addEventListener("click", () => {
    for (const lit of document.querySelectorAll("g.lit")) lit.classList.remove("lit");
    if (!step.open) show(step);
  });
}

document.documentElement.dataset.ready = "yes";
