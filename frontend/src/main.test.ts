import { afterEach, expect, test, vi } from "vitest";
import { start } from "./main";

afterEach(() => {
  document.body.innerHTML = "";
});

test("an island that arrives as the swapped element itself is started", async () => {
  document.body.innerHTML = `<order-list><ol></ol></order-list>`;
  expect(customElements.get("order-list")).toBeUndefined();
  start(document.querySelector("order-list")!);
  await vi.waitFor(() => expect(customElements.get("order-list")).toBeDefined());
});

test("an island inside what arrived is started, and nothing else is", async () => {
  document.body.innerHTML = `<div><tab-set></tab-set></div>`;
  start(document.querySelector("div")!);
  await vi.waitFor(() => expect(customElements.get("tab-set")).toBeDefined());
  expect(customElements.get("code-editor")).toBeUndefined();
});
