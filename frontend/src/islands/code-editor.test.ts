import { beforeEach, expect, test, vi } from "vitest";
import { CodeEditor } from "./code-editor";

const nowhere = { left: 0, right: 0, top: 0, bottom: 0, width: 0, height: 0, x: 0, y: 0, toJSON: () => ({}) };
Range.prototype.getClientRects = () => [] as unknown as DOMRectList;
Range.prototype.getBoundingClientRect = () => nowhere;

function build(attributes = "", textarea = ""): void {
  document.body.innerHTML = `<form id="work"><code-editor ${attributes}>
    <textarea name="file:solution.py" aria-label="Code" ${textarea}>one\ntwo\nthree</textarea>
    <template data-starter>start</template></code-editor></form><button form="work" type="button" data-run>Run</button>`;
}

beforeEach(() => build());

const editor = (): CodeEditor => document.querySelector<CodeEditor>("code-editor")!;
const area = (): HTMLTextAreaElement => document.querySelector("textarea")!;
const content = (): HTMLElement => document.querySelector(".cm-content")!;

test("the textarea stays in the form, out of sight, and holds every change", () => {
  const heard = vi.fn();
  document.addEventListener("input", heard, { once: true });
  editor().value = "import numpy as np";
  expect(area().hidden).toBe(true);
  expect(new FormData(document.querySelector("form")!).get("file:solution.py")).toBe("import numpy as np");
  expect(heard).toHaveBeenCalled();
});

test("the editor is named like its textarea", () => {
  expect(content().getAttribute("aria-label")).toBe("Code");
});

test("Ctrl+Enter presses the form's run button, wherever it stands", () => {
  const run = vi.fn();
  document.querySelector("[data-run]")!.addEventListener("click", run);
  content().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
  expect(run).toHaveBeenCalledTimes(1);
});

test("a blocked run button is not pressed", () => {
  const button = document.querySelector("[data-run]")!;
  const run = vi.fn();
  button.setAttribute("aria-disabled", "true");
  button.addEventListener("click", run);
  content().dispatchEvent(new KeyboardEvent("keydown", { key: "Enter", ctrlKey: true, bubbles: true, cancelable: true }));
  expect(run).not.toHaveBeenCalled();
});

test("lines at fault carry their sentence, and lines that do not exist are left out", () => {
  editor().setDiagnostics([{ line: 2, message: "not a number" }, { line: 99, message: "nowhere" }]);
  expect(document.querySelector(".cm-error-line")!.textContent).toBe("two");
  expect([...document.querySelectorAll(".cm-error-text")].map((node) => node.textContent)).toEqual(["not a number"]);
});

test("the line of a file that could not be loaded is marked, with the sentence that stands over the results", () => {
  document.body.insertAdjacentHTML("beforeend", `<run-live><div class="results"><button data-line="2" data-said="SyntaxError: expected ':'"></button></div></run-live>`);
  document.dispatchEvent(new CustomEvent("cairn:added"));
  expect(document.querySelector(".cm-error-text")!.textContent).toBe("SyntaxError: expected ':'");
  expect(document.querySelectorAll(".cm-error-line")).toHaveLength(1);
});

test("errors from the page are marked from the start", () => {
  build(`data-errors='[{"line": 3, "message": "here"}]'`);
  expect(document.querySelector(".cm-error-line")!.textContent).toBe("three");
});

test("it knows what Reset goes back to", () => {
  expect(editor().starter).toBe("start");
});

test("a read-only textarea gives a read-only editor", () => {
  build("", "readonly");
  expect(content().getAttribute("contenteditable")).toBe("false");
});
