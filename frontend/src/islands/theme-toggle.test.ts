import { beforeEach, expect, test } from "vitest";
import "./theme-toggle";

const root = document.documentElement;

beforeEach(() => {
  delete root.dataset["theme"];
  localStorage.clear();
  document.body.innerHTML = `<theme-toggle><button type="button" aria-label="Change theme">x</button></theme-toggle>`;
});

const press = (): void => document.querySelector("button")!.click();

test("it walks from the system's theme to light, dark and back", () => {
  const seen: (string | undefined)[] = [];
  for (let k = 0; k < 3; k++) {
    press();
    seen.push(root.dataset["theme"]);
  }
  expect(seen).toEqual(["light", "dark", undefined]);
});

test("the choice is kept here and told to the server by cookie", () => {
  press();
  expect(localStorage.getItem("theme")).toBe("light");
  expect(document.cookie).toContain("theme=light");
});

test("its button says what is and what comes", () => {
  press();
  expect(document.querySelector("button")!.getAttribute("aria-label")).toBe("Theme: light. Change to dark");
});
