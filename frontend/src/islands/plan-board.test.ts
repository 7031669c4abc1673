import { beforeEach, expect, test, vi } from "vitest";
import "./plan-board";

const sent = vi.fn();

beforeEach(() => {
  sent.mockReset();
  document.body.innerHTML = `<plan-board><ol>
    <li data-day="2026-03-02"><ul><li data-item="lesson:tensors"><form><input type="date" name="day" value="2026-03-02"></form></li></ul></li>
    <li data-day="2026-03-03"><span id="inside"></span></li>
    <li id="over"></li></ol></plan-board>`;
  document.querySelector("form")!.requestSubmit = sent;
});

const piece = (): HTMLElement => document.querySelector<HTMLElement>("[data-item]")!;
const day = (): string => document.querySelector<HTMLInputElement>("[name=day]")!.value;
function drag(type: string, target: Element): boolean {
  return target.dispatchEvent(new Event(type, { bubbles: true, cancelable: true }));
}

test("what can be moved can be dragged", () => {
  expect(piece().draggable).toBe(true);
});

test("dropping on a day sends the piece's form with that day", () => {
  drag("dragstart", piece());
  expect(drag("dragover", document.querySelector("#inside")!)).toBe(false);
  expect(document.querySelector("[data-day='2026-03-03']")!.className).toBe("over-it");
  drag("drop", document.querySelector("#inside")!);
  expect(day()).toBe("2026-03-03");
  expect(sent).toHaveBeenCalledOnce();
  expect(document.querySelector(".over-it, .held")).toBeNull();
});

test("a day that is over takes nothing, and the piece's own day changes nothing", () => {
  drag("dragstart", piece());
  for (const target of [document.querySelector("#over")!, document.querySelector("[data-day='2026-03-02']")!]) {
    expect(drag("dragover", target)).toBe(true);
    drag("drop", target);
  }
  expect(sent).not.toHaveBeenCalled();
});

test("what is dropped from elsewhere is left alone", () => {
  drag("drop", document.querySelector("#inside")!);
  expect(sent).not.toHaveBeenCalled();
});
