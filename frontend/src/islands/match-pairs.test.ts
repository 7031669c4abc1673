import { afterEach, beforeEach, expect, test } from "vitest";
import "./match-pairs";

const options = ["", "4", "7"].map((value) => `<option value="${value}">${value}</option>`).join("");

beforeEach(() => {
  document.body.innerHTML = `<form><match-pairs>
    <ol class="rights"><li data-value="4">four</li><li data-value="7">seven</li></ol>
    <ul class="pairs"><li><span>a</span><select name="pair-0">${options}</select></li><li><span>b</span><select name="pair-1">${options}</select></li></ul>
  </match-pairs></form>`;
});

afterEach(() => new Promise<void>((done) => setTimeout(done))); // a drop takes the click that follows it

const answer = (): Record<string, FormDataEntryValue> => Object.fromEntries(new FormData(document.querySelector("form")!));
const half = (at: number): HTMLElement => document.querySelectorAll<HTMLElement>(".rights li")[at]!;
const row = (at: number): HTMLElement => document.querySelectorAll<HTMLElement>(".pairs li")[at]!;
const pointer = (type: string, x: number, y: number): MouseEvent => new MouseEvent(type, { bubbles: true, button: 0, clientX: x, clientY: y });

test("a half that is picked up and put down is what the form sends", () => {
  half(1).click();
  row(0).click();
  expect(answer()).toEqual({ "pair-0": "7", "pair-1": "" });
  expect(half(1).classList.contains("used")).toBe(true);
});

test("a half that is dragged onto a row is what the form sends", () => {
  row(1).getBoundingClientRect = () => new DOMRect(0, 100, 200, 40);
  half(0).dispatchEvent(pointer("pointerdown", 10, 10));
  window.dispatchEvent(pointer("pointermove", 20, 110));
  expect(row(1).classList.contains("over")).toBe(true);
  window.dispatchEvent(pointer("pointerup", 20, 110));
  expect(answer()["pair-1"]).toBe("4");
  expect(half(0).classList.contains("held")).toBe(false);
});

test("a half that is dropped elsewhere goes back", () => {
  half(0).dispatchEvent(pointer("pointerdown", 10, 10));
  window.dispatchEvent(pointer("pointermove", 900, 900));
  window.dispatchEvent(pointer("pointerup", 900, 900));
  expect(answer()).toEqual({ "pair-0": "", "pair-1": "" });
});

test("putting a half down tells the page, as choosing in the select does", () => {
  const heard: string[] = [];
  document.addEventListener("change", (event) => heard.push((event.target as HTMLSelectElement).name), { once: true });
  half(0).click();
  row(1).click();
  expect(heard).toEqual(["pair-1"]);
});

test("an answered question is left as it is", () => {
  document.body.innerHTML = `<match-pairs><ol class="rights"><li data-value="1">x</li></ol><ul class="pairs"><li><select disabled></select></li></ul></match-pairs>`;
  expect(document.querySelector(".movable")).toBeNull();
});
