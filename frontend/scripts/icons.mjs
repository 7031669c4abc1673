// The Lucide icons that templates use, written to the ui room, so that Django needs no Node to draw one.
// Run `npm run icons` after adding a name here.
import { mkdir, readFile, writeFile } from "node:fs/promises";

const NAMES = `
activity arrow-down arrow-left arrow-right arrow-up arrow-up-right award ban bell book-open book-text braces calendar
chart-line check chevron-down chevron-left chevron-right chevron-up circle circle-alert circle-check circle-dashed
circle-dot circle-dot-dashed circle-help circle-minus circle-play circle-slash circle-x clipboard-check clock cloud
cloud-alert cloud-check cloud-off code copy corner-up-left cpu database download external-link eye file file-check
file-code file-text flag flask-conical gauge git-compare-arrows graduation-cap hourglass house inbox info key
layers layout-list lightbulb link list list-checks list-ordered loader-circle lock log-in log-out mail map
memory-stick menu message-square message-square-dot milestone minus monitor moon notebook-pen panel-left panel-right
pencil pencil-line play plug-zap plus refresh-cw repeat rotate-ccw route search send settings settings-2 shield
shield-alert signpost square sun sun-moon table terminal timer timer-off trash-2 triangle-alert undo-2 unplug upload
user user-plus users wifi-off x
`.trim().split(/\s+/);

const SOURCE = new URL("../node_modules/lucide-static/icons/", import.meta.url);
const TARGET = new URL("../../platform/cairn/ui/icons.json", import.meta.url);

/** The drawing inside the `<svg>` element, on one line. */
async function drawing(name) {
  const text = await readFile(new URL(`${name}.svg`, SOURCE), "utf8");
  const inner = text.slice(text.indexOf(">", text.indexOf("<svg")) + 1, text.lastIndexOf("</svg>"));
  return inner.replace(/\s+/g, " ").replace(/> </g, "><").trim();
}

const icons = {};
for (const name of NAMES.sort()) icons[name] = await drawing(name);
await mkdir(new URL(".", TARGET), { recursive: true });
await writeFile(TARGET, JSON.stringify(icons, null, 1) + "\n");
console.log(`${NAMES.length} icons`);
