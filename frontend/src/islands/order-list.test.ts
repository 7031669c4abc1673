import { beforeEach, expect, test } from "vitest";
import "./order-list";

const row = (id: string, place: number): string =>
  `<li><select name="place-${id}" aria-label="Place of ${id}">${[1, 2, 3].map((n) => `<option${n === place ? " selected" : ""}>${n}</option>`).join("")}</select><span class="sans-prose">${id}</span></li>`;

beforeEach(() => {
  document.body.innerHTML = `<form><order-list><ol class="order">${row("a", 1)}${row("b", 2)}${row("c", 3)}</ol></order-list></form>`;
  for (const item of items()) item.getBoundingClientRect = () => new DOMRect(0, items().indexOf(item) * 50, 200, 40);
});

const items = (): HTMLLIElement[] => [...document.querySelectorAll("li")];
const item = (id: string): HTMLLIElement => items().find((one) => one.querySelector(`[name=place-${id}]`))!;
const answer = (): Record<string, FormDataEntryValue> => Object.fromEntries(new FormData(document.querySelector("form")!));
const said = (): string => document.querySelector("[role=status]")!.textContent!;
const button = (id: string, label: string): HTMLButtonElement => item(id).querySelector<HTMLButtonElement>(`[aria-label^="${label}"]`)!;

function point(type: string, on: EventTarget, y: number, pointerType = "mouse"): void {
  const event = new MouseEvent(type, { bubbles: true, button: 0, clientX: 10, clientY: y });
  on.dispatchEvent(Object.assign(event, { pointerType }));
}
function drag(from: Element, y: number, to: number, pointerType = "mouse"): void {
  point("pointerdown", from, y, pointerType);
  point("pointermove", window, to, pointerType);
}

test("moving an item changes what the form sends", () => {
  button("c", "Move up").click();
  expect(answer()).toEqual({ "place-a": "1", "place-c": "2", "place-b": "3" });
});

test("the focus stays on the button, and the new place is said", () => {
  const up = button("b", "Move up");
  up.click();
  expect(document.activeElement).toBe(up);
  expect(said()).toBe("b: place 1 of 3");
});

test("the first item cannot go further up, and says so", () => {
  const up = button("a", "Move up");
  expect(up.getAttribute("aria-disabled")).toBe("true");
  up.click();
  expect(answer()["place-a"]).toBe("1");
  expect(said()).toBe("It is the first one already.");
});

test("an item that is dragged over others takes its place among them, and the place is said", () => {
  const heard: string[] = [];
  document.addEventListener("change", (event) => heard.push((event.target as HTMLSelectElement).name), { once: true });
  drag(item("a"), 10, 120);
  expect(item("a").classList.contains("held")).toBe(true);
  point("pointerup", window, 120);
  expect(answer()).toEqual({ "place-b": "1", "place-c": "2", "place-a": "3" });
  expect(said()).toBe("a: place 3 of 3");
  expect(heard).toEqual(["place-a"]);
  expect(document.querySelector(".held, [style*=translate]")).toBeNull();
});

test("a press that hardly moves leaves all as it is", () => {
  drag(item("a"), 10, 13);
  point("pointerup", window, 13);
  expect(answer()).toEqual({ "place-a": "1", "place-b": "2", "place-c": "3" });
  expect(said()).toBe("");
});

test("Escape puts an item back where it was taken from", () => {
  drag(item("c"), 110, 0);
  window.dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  point("pointerup", window, 0);
  expect(answer()).toEqual({ "place-a": "1", "place-b": "2", "place-c": "3" });
  expect(said()).toBe("");
});

test("a finger drags by the handle, and elsewhere scrolls the page", () => {
  drag(item("a").querySelector(".sans-prose")!, 10, 120, "touch");
  point("pointerup", window, 120, "touch");
  expect(answer()["place-a"]).toBe("1");
  drag(item("a").querySelector(".grip")!, 10, 120, "touch");
  point("pointerup", window, 120, "touch");
  expect(answer()["place-a"]).toBe("3");
});

test("a formula is said once", () => {
  document.body.innerHTML = `<form><order-list><ol class="order"><li><select name="place-x"><option>1</option></select><span class="sans-prose">Take <span class="katex"><span class="katex-mathml"><math><mi>x</mi><annotation>x</annotation></math></span><span class="katex-html" aria-hidden="true">x</span></span></span></li></ol></order-list></form>`;
  expect(button("x", "Move up").getAttribute("aria-label")).toBe("Move up: Take x");
});

test("an answered question is left as it is", () => {
  document.body.innerHTML = `<order-list><ol><li><select disabled><option>1</option></select></li></ol></order-list>`;
  expect(document.querySelector("button")).toBeNull();
});
