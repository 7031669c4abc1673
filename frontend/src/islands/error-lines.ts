/** Lines at fault: a wavy line under the code, the sentence below it, a red number beside it. */
import { StateEffect, StateField, RangeSet } from "@codemirror/state";
import { Decoration, EditorView, GutterMarker, WidgetType, gutterLineClass } from "@codemirror/view";
import type { Extension, Range, Text } from "@codemirror/state";
import type { DecorationSet } from "@codemirror/view";

export interface Diagnostic {
  line: number; // from 1
  message: string;
}

class Sentence extends WidgetType {
  constructor(readonly message: string) {
    super();
  }

  override eq(other: Sentence): boolean {
    return other.message === this.message;
  }

  toDOM(): HTMLElement {
    const element = document.createElement("div");
    element.className = "cm-error-text";
    element.textContent = this.message;
    return element;
  }
}

class RedNumber extends GutterMarker {
  override elementClass = "cm-error-number";
}

const redNumber = new RedNumber();
const set = StateEffect.define<readonly Diagnostic[]>();

interface Marks {
  lines: DecorationSet;
  numbers: RangeSet<GutterMarker>;
}

function marks(diagnostics: readonly Diagnostic[], doc: Text): Marks {
  const lines: Range<Decoration>[] = [];
  const numbers: Range<GutterMarker>[] = [];
  const said = new Set<string>(); // tests that fail alike say the same of a line: once is enough
  for (const { line, message } of [...diagnostics].sort((a, b) => a.line - b.line)) {
    if (line < 1 || line > doc.lines || said.has(`${line} ${message}`)) continue;
    said.add(`${line} ${message}`);
    const { from, to, text } = doc.line(line);
    const code = from + text.length - text.trimStart().length;
    if (to > code) lines.push(Decoration.mark({ class: "cm-error-line" }).range(code, to));
    if (message) lines.push(Decoration.widget({ widget: new Sentence(message), block: true, side: 1 }).range(to));
    numbers.push(redNumber.range(from));
  }
  return { lines: Decoration.set(lines, true), numbers: RangeSet.of(numbers, true) };
}

const field = StateField.define<Marks>({
  create: () => ({ lines: Decoration.none, numbers: RangeSet.empty }),
  update(value, transaction) {
    for (const effect of transaction.effects) if (effect.is(set)) return marks(effect.value, transaction.newDoc);
    if (!transaction.docChanged) return value;
    return { lines: value.lines.map(transaction.changes), numbers: value.numbers.map(transaction.changes) };
  },
  provide: (self) => [
    EditorView.decorations.from(self, (value) => value.lines),
    gutterLineClass.from(self, (value) => value.numbers),
  ],
});

export const errorLines: Extension = field;

/** Show these and no others. Lines that the text does not have are left out. */
export function showErrors(view: EditorView, diagnostics: readonly Diagnostic[]): void {
  view.dispatch({ effects: set.of(diagnostics) });
}
