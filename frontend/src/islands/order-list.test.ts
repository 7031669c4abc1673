import { beforeEach, expect, test } from "vitest";
import "./order-list";

const row = (id: string, place: number): string =>
  `<li><select name="place-${id}" aria-label="Place of ${id}">${[1, 2, 3].map((n) => `<option${n === place ? " selected" : ""}>${n}</option>`).join("")}</select><span>${id}</span></li>`;

beforeEach(() => {
  document.body.innerHTML = `<form><order-list><ol class="order">${row("a", 1)}${row("b", 2)}${row("c", 3)}</ol></order-list></form>`;
});

const answer = (): Record<string, FormDataEntryValue> => Object.fromEntries(new FormData(document.querySelector("form")!));
const button = (item: number, label: string): HTMLButtonElement =>
  document.querySelectorAll("li")[item]!.querySelector<HTMLButtonElement>(`[aria-label^="${label}"]`)!;

test("moving an item changes what the form sends", () => {
  button(2, "Move up").click();
  expect(answer()).toEqual({ "place-a": "1", "place-c": "2", "place-b": "3" });
});

test("the focus stays on the button, and the new place is said", () => {
  const up = button(1, "Move up");
  up.click();
  expect(document.activeElement).toBe(up);
  expect(document.querySelector("[role=status]")!.textContent).toBe("Place 1 of 3");
});

test("the first item cannot go further up", () => {
  button(0, "Move up").click();
  expect(answer()["place-a"]).toBe("1");
});

test("an answered question is left as it is", () => {
  document.body.innerHTML = `<order-list><ol><li><select disabled><option>1</option></select></li></ol></order-list>`;
  expect(document.querySelector("button")).toBeNull();
});
