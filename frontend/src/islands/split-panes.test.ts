import { beforeEach, expect, test } from "vitest";
import "./split-panes";

beforeEach(() => {
  localStorage.clear();
  build();
});

function build(): void {
  document.body.innerHTML = `<split-panes name="exercise"><section class="pane p-ins"></section>
    <section class="pane p-ed"></section><section class="pane p-res"></section></split-panes>`;
  Object.defineProperty(panes(), "clientWidth", { value: 1400, configurable: true });
}

const panes = (): HTMLElement => document.querySelector<HTMLElement>("split-panes")!;
const grips = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[role=separator]")];
const key = (grip: HTMLElement, name: string): boolean => grip.dispatchEvent(new KeyboardEvent("keydown", { key: name }));

test("two named separators stand between three panes", () => {
  expect([...panes().children].map((child) => child.className)).toEqual(["ptn", "pane p-ins", "grip", "pane p-ed", "grip", "pane p-res"]);
  expect(grips().every((grip) => grip.tabIndex === 0 && grip.getAttribute("aria-label"))).toBe(true);
});

test("arrow keys move a separator, and the size is there after a reload", () => {
  key(grips()[0]!, "ArrowRight");
  expect(panes().style.getPropertyValue("--a")).toBe("416px");
  build();
  expect(panes().style.getPropertyValue("--a")).toBe("416px");
});

test("the right pane grows to the left", () => {
  key(grips()[1]!, "ArrowLeft");
  expect(panes().style.getPropertyValue("--c")).toBe("472px");
});

test("no pane becomes too small to use", () => {
  for (let k = 0; k < 40; k++) key(grips()[0]!, "ArrowLeft");
  expect(panes().style.getPropertyValue("--a")).toBe("240px");
});

test("a started run shows the results where one pane fits", () => {
  document.querySelector(".p-res")!.dispatchEvent(new CustomEvent("run-started", { bubbles: true }));
  expect(panes().dataset["show"]).toBe("results");
});
