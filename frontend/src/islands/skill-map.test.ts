import { beforeEach, expect, test } from "vitest";

class NoResize {
  observe(): void {}
}
(globalThis as unknown as { ResizeObserver: unknown }).ResizeObserver = NoResize;

const page = `<form><skill-map><p class="help">Tick</p><div class="boxes">
  <fieldset data-idea="dot"><legend>Dot product</legend>
    <label><input type="checkbox" name="line" value="dot:texts" data-use="texts" data-verdict="right" checked><span>Texts</span></label>
    <label><input type="checkbox" name="line" value="dot:step" data-use="step"><span>A step</span></label></fieldset>
  <fieldset data-idea="slope"><legend>Gradient</legend>
    <label><input type="checkbox" name="line" value="slope:texts" data-use="texts"><span>Texts</span></label>
    <label><input type="checkbox" name="line" value="slope:step" data-use="step" data-verdict="missing"><span>A step</span></label></fieldset>
</div></skill-map></form>`;

beforeEach(async () => {
  document.body.innerHTML = page;
  await import("./skill-map");
});

const node = (text: string): HTMLButtonElement =>
  [...document.querySelectorAll<HTMLButtonElement>(".node")].find((one) => one.textContent === text) as HTMLButtonElement;
const sent = (): string[] => new FormData(document.querySelector("form") as HTMLFormElement).getAll("line") as string[];
const lines = (): string[] => [...document.querySelectorAll("path.line")].map((one) => one.getAttribute("class") ?? "");

test("every idea and every use is a node, and what is ticked or missing a line", () => {
  expect([...document.querySelectorAll(".node")].map((one) => one.textContent)).toEqual(["Dot product", "Gradient", "Texts", "A step"]);
  expect(lines()).toEqual(["line right", "line missing"]);
});

test("choosing an idea and then a use joins them, and the form sends the line", () => {
  node("Gradient").click();
  expect(node("Gradient").getAttribute("aria-pressed")).toBe("true");
  node("A step").click();
  expect(sent()).toEqual(["dot:texts", "slope:step"]);
  expect(document.querySelector("[role=status]")?.textContent).toBe("Joined: Gradient and A step.");
});

test("joining again parts, from either side", () => {
  node("Texts").click();
  node("Dot product").click();
  expect(sent()).toEqual([]);
});

test("a line that is chosen goes", () => {
  document.querySelector("path.hit")?.dispatchEvent(new MouseEvent("click"));
  expect(sent()).toEqual([]);
});

test("a second choice on the same side is held instead, Escape lets go", () => {
  node("Gradient").click();
  node("Dot product").click();
  expect(node("Gradient").getAttribute("aria-pressed")).toBe("false");
  node("Dot product").dispatchEvent(new KeyboardEvent("keydown", { key: "Escape" }));
  node("A step").click();
  expect(sent()).toEqual(["dot:texts"]);
});

test("arrows move along a side and across", () => {
  node("Dot product").focus();
  const press = (key: string): boolean | undefined => document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
  press("ArrowDown");
  expect(document.activeElement).toBe(node("Gradient"));
  press("ArrowRight");
  expect(document.activeElement).toBe(node("A step"));
  press("ArrowUp");
  expect(document.activeElement).toBe(node("Texts"));
});

test("a line that is drawn anew loses its mark", () => {
  node("Gradient").click();
  node("A step").click();
  expect(lines()).toEqual(["line right", "line "]);
});
