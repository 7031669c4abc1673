import { beforeEach, expect, test } from "vitest";
import "./tab-set";

beforeEach(() => {
  document.body.innerHTML = `<tab-set><div role="tablist">
    <button type="button" role="tab" aria-controls="p1" aria-selected="true">Tests</button>
    <button type="button" role="tab" aria-controls="p2" aria-selected="false">Output</button></div>
    <div role="tabpanel" id="p1">one</div><div role="tabpanel" id="p2">two</div></tab-set>`;
});

const tabs = (): HTMLElement[] => [...document.querySelectorAll<HTMLElement>("[role=tab]")];
const hidden = (): boolean[] => [...document.querySelectorAll<HTMLElement>("[role=tabpanel]")].map((panel) => panel.hidden);
const key = (name: string): boolean =>
  document.activeElement!.dispatchEvent(new KeyboardEvent("keydown", { key: name, bubbles: true }));

test("only the chosen panel shows", () => {
  expect(hidden()).toEqual([false, true]);
  tabs()[1]!.click();
  expect(hidden()).toEqual([true, false]);
});

test("arrow keys go round, and only the chosen tab is in the tab order", () => {
  tabs()[0]!.focus();
  key("ArrowLeft");
  expect(document.activeElement).toBe(tabs()[1]);
  expect(tabs().map((tab) => tab.tabIndex)).toEqual([-1, 0]);
  key("Home");
  expect(document.activeElement).toBe(tabs()[0]);
});

test("a panel is named by its tab", () => {
  expect(document.getElementById("p2")!.getAttribute("aria-labelledby")).toBe(tabs()[1]!.id);
});
