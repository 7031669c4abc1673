/** One uPlot chart in the house's clothes. Colours come from the page's CSS variables, so a theme can change. */
import uPlot from "uplot";
import { clock, figure, positive, type Band, type ChartSpec, type Line } from "./curves";

export interface Look {
  axis: "step" | "seconds";
  log: boolean;
  zoom: { from: number; to: number } | undefined;
}

export interface Talk {
  /** The crosshair moved: x, or undefined where it left. */
  hover(x: number | undefined): void;
  /** A stretch was chosen by dragging. */
  zoom(from: number, to: number): void;
}

export const HEIGHT = 230;
const HUE_NAMES = ["--cat-a", "--cat-b", "--cat-c", "--cat-d", "--cat-e", "--cat-f"];

/** A chart's data: one x for all lines, the band's three first. Undefined where a line has no point there. */
export function table(drawn: Line[], band: Band | undefined, log: boolean): uPlot.AlignedData {
  const clean = log ? positive : (values: (number | null)[]) => values;
  const tables: uPlot.AlignedData[] = drawn.map((line) => [line.x, clean(line.y)]);
  if (band) tables.unshift([band.x, clean(band.high), clean(band.low), clean(band.mean)]);
  return tables.length ? uPlot.join(tables) : [[]];
}

/** Makes the chart in `place`. */
export function plot(place: HTMLElement, spec: ChartSpec, drawn: Line[], look: Look, sync: string, marks: number[], talk: Talk): uPlot {
  const colour = palette(place);
  const band = look.axis === "step" ? spec.band : undefined;
  const options: uPlot.Options = {
    width: Math.max(place.clientWidth, 200),
    height: HEIGHT,
    legend: { show: false },
    cursor: {
      sync: { key: sync }, y: false, points: { size: 7 }, dataIdx: atCursor,
      drag: { x: true, y: false, setScale: false }, bind: { dblclick: () => null },
    },
    select: { show: true, left: 0, top: 0, width: 0, height: 0 },
    scales: { x: { time: false, ...range(look) }, y: { distr: look.log ? 3 : 1 } },
    axes: axes(spec, look, colour, getComputedStyle(place).fontFamily),
    series: [{}, ...(band ? bandSeries(colour) : []), ...drawn.map((line) => series(line, colour))],
    ...(band ? { bands: [{ series: [1, 2] as [number, number], fill: veil(colour("--cat-f"), 0.16) }] } : {}),
    hooks: {
      setCursor: [(chart) => talk.hover(chart.cursor.left !== undefined && chart.cursor.left >= 0 ? chart.posToVal(chart.cursor.left, "x") : undefined)],
      setSelect: [(chart) => chosen(chart, talk)],
      draw: [(chart) => annotate(chart, spec, marks, colour)],
    },
  };
  return new uPlot(options, table(drawn, band, look.log), place);
}

/** What a CSS variable's colour is here and now: a canvas knows neither variables nor themes. */
function palette(place: HTMLElement): (name: string) => string {
  const known = new Map<string, string>();
  const probe = document.createElement("span");
  const read = (name: string): string => {
    probe.style.color = `var(${name})`;
    place.append(probe);
    const found = getComputedStyle(probe).color;
    probe.remove();
    return found;
  };
  return (name) => known.get(name) ?? (known.set(name, read(name)).get(name) as string);
}

/** Where a line's dot goes: the point before the crosshair; none where the line has not begun or has ended. */
function atCursor(chart: uPlot, series: number, hovered: number): number | null {
  const values = chart.data[series] ?? [];
  const has = (place: number): boolean => values[place] !== undefined;
  let before = hovered;
  while (before >= 0 && !has(before)) before -= 1;
  let after = hovered;
  while (after < values.length && !has(after)) after += 1;
  return before >= 0 && after < values.length ? before : null;
}

function range(look: Look): { range?: [number, number] } {
  return look.zoom ? { range: [look.zoom.from, look.zoom.to] } : {};
}

function chosen(chart: uPlot, talk: Talk): void {
  const { left, width } = chart.select;
  if (width < 4) return;
  chart.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
  talk.zoom(chart.posToVal(left, "x"), chart.posToVal(left + width, "x"));
}

function axes(spec: ChartSpec, look: Look, colour: (name: string) => string, font: string): uPlot.Axis[] {
  const common = { stroke: colour("--text-3"), font: `11px ${font}`, ticks: { show: false } };
  const words = look.axis === "seconds" ? clock : (value: number) => figure(value);
  return [
    { ...common, grid: { show: false }, border: { show: true, stroke: colour("--line-strong"), width: 1 }, size: 26, values: (_, at) => at.map(words) },
    {
      ...common, grid: { stroke: colour("--line"), width: 1 }, size: 54,
      values: (_, at) => at.map((value) => (value === null ? "" : spec.unit === "percent" ? `${Number((value * 100).toPrecision(4))} %` : figure(value, spec.unit))),
    },
  ];
}

function series(line: Line, colour: (name: string) => string): uPlot.Series {
  const stroke = veil(colour(HUE_NAMES[line.hue] ?? "--cat-a"), line.alpha);
  return { label: line.label, stroke, width: line.width, points: { show: line.x.length === 1 }, ...(line.dashed ? { dash: [5, 4] } : {}) };
}

function bandSeries(colour: (name: string) => string): uPlot.Series[] {
  const edge: uPlot.Series = { stroke: "transparent", points: { show: false } };
  return [{ ...edge }, { ...edge }, { stroke: veil(colour("--cat-f"), 0.7), width: 1, dash: [2, 3], points: { show: false } }];
}

function veil(colour: string, alpha: number): string {
  return alpha >= 1 ? colour : `color-mix(in oklab, ${colour} ${Math.round(alpha * 100)}%, transparent)`;
}

/** The target with its words, and the seams where a run went on elsewhere. */
function annotate(chart: uPlot, spec: ChartSpec, marks: number[], colour: (name: string) => string): void {
  const { ctx, bbox } = chart;
  const ratio = devicePixelRatio || 1;
  ctx.save();
  ctx.font = `${11 * ratio}px ${getComputedStyle(chart.root).fontFamily}`;
  ctx.lineWidth = 1.25 * ratio;
  if (spec.target) {
    const y = chart.valToPos(spec.target.value, "y", true);
    if (y >= bbox.top && y <= bbox.top + bbox.height) {
      dotted(ctx, bbox.left, y, bbox.left + bbox.width, y, colour("--text"), ratio);
      ctx.textAlign = "right";
      ctx.fillText(spec.target.label, bbox.left + bbox.width, y - 5 * ratio);
    }
  }
  ctx.textAlign = "left";
  for (const mark of marks) {
    const x = chart.valToPos(mark, "x", true);
    if (x < bbox.left || x > bbox.left + bbox.width) continue;
    dotted(ctx, x, bbox.top, x, bbox.top + bbox.height, colour("--text-3"), ratio);
    ctx.fillText("went on here", x + 4 * ratio, bbox.top + 11 * ratio);
  }
  ctx.restore();
}

function dotted(ctx: CanvasRenderingContext2D, x0: number, y0: number, x1: number, y1: number, stroke: string, ratio: number): void {
  ctx.strokeStyle = ctx.fillStyle = stroke;
  ctx.setLineDash([2 * ratio, 3 * ratio]);
  ctx.beginPath();
  ctx.moveTo(x0, y0);
  ctx.lineTo(x1, y1);
  ctx.stroke();
  ctx.setLineDash([]);
}
