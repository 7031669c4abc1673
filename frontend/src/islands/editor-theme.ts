/** CodeMirror in the site's own colours: only tokens, so both themes follow without a change here. */
import { HighlightStyle } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

export const theme = EditorView.theme({
  "&": { color: "var(--text)", backgroundColor: "transparent", fontSize: ".875rem", height: "100%" },
  ".cm-scroller": { fontFamily: "var(--mono)", fontVariantLigatures: "none", lineHeight: "1.7", overflow: "auto" },
  ".cm-content": { padding: "10px 0 24px", caretColor: "var(--text)" },
  ".cm-line": { padding: "0 16px 0 2px" },
  ".cm-gutters": { backgroundColor: "transparent", color: "var(--text-3)", border: "0", fontSize: "var(--fs-xs)" },
  ".cm-lineNumbers .cm-gutterElement": { minWidth: "46px", padding: "0 14px 0 0", lineHeight: "1.9833" },
  ".cm-activeLine, .cm-activeLineGutter": { backgroundColor: "color-mix(in oklab, var(--hover) 60%, transparent)" },
  ".cm-activeLineGutter": { color: "var(--text)" },
  ".cm-cursor": { borderLeftColor: "var(--text)", borderLeftWidth: "2px" },
  "&.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground, .cm-selectionBackground": {
    backgroundColor: "color-mix(in oklab, var(--blaze) 36%, transparent)",
  },
  ".cm-matchingBracket, &.cm-focused .cm-matchingBracket": { backgroundColor: "var(--tarn-soft)", outline: "1px solid var(--tarn-line)" },
  ".cm-error-line": {
    textDecoration: "underline wavy color-mix(in oklab, var(--fail) 70%, transparent) 1px",
    textUnderlineOffset: "4px",
  },
  ".cm-error-number": { color: "var(--fail)", fontWeight: "700" },
  ".cm-error-text": { padding: "2px 16px 2px 2px", font: "400 var(--fs-xs)/1.5 var(--sans)", color: "var(--fail)", whiteSpace: "pre-wrap", maxWidth: "min(60ch, 100vw - 96px)" },
  ".cm-tooltip": { backgroundColor: "var(--raised)", border: "1px solid var(--line-strong)", borderRadius: "var(--r2)", boxShadow: "var(--shadow-2)" },
  ".cm-tooltip-autocomplete > ul > li[aria-selected]": { backgroundColor: "var(--hover)", color: "var(--text)" },
});

export const colours = HighlightStyle.define([
  { tag: [tags.keyword, tags.bool, tags.null, tags.self, tags.operatorKeyword], color: "var(--code-kw)" },
  { tag: [tags.function(tags.variableName), tags.function(tags.propertyName), tags.definition(tags.className), tags.meta, tags.link], color: "var(--code-fn)" },
  { tag: [tags.string, tags.special(tags.string), tags.docString], color: "var(--code-st)" },
  { tag: [tags.number, tags.escape], color: "var(--code-nu)" },
  { tag: [tags.comment, tags.quote, tags.processingInstruction], color: "var(--code-co)" },
  { tag: tags.heading, fontWeight: "650" },
  { tag: tags.strong, fontWeight: "650" },
  { tag: tags.emphasis, fontStyle: "italic" },
]);
