/** Curves as the site sends them, and the lines that a chart draws of them. Pure: no page, no canvas. */

/** One try of a run at one curve. A try that lost its node is `lost` from where the next went on. */
export interface Try {
  try: number;
  since: number; // seconds of training before it
  x: number[];
  y: (number | null)[]; // null: not a finite number
  lost: boolean;
}

export interface Curve {
  tries: Try[];
  count: number; // points that were logged, of which these are a selection
}

export type Curves = Record<string, Curve>;

/** A live message: a stretch of one curve. */
export interface Points {
  seq: number;
  name: string;
  steps: number[];
  values: (number | null)[];
  seconds: number[];
  try: number;
}

/** A run whose curves are drawn. The main one is the run that the page is about. */
export interface Source {
  id: string;
  label: string;
  curves: string; // address of its curves
  socket?: string; // where news of it come from, while it runs
  after?: number; // the newest event that the page has seen
  main?: boolean;
}

/** The reference: what the solution's runs did, by step. */
export interface Band {
  x: number[];
  low: number[];
  mean: number[];
  high: number[];
}

/** What a chart's numbers count: a share of one, shown in percent, or bytes. Without one, plain numbers. */
export type Unit = "percent" | "bytes";

export interface ChartSpec {
  title: string;
  names: string[];
  unit?: Unit;
  target?: { value: number; label: string };
  band?: Band;
}

export interface Line {
  run: string;
  label: string;
  hue: number; // place among the categorical colours
  width: number;
  alpha: number;
  dashed: boolean;
  speaks: boolean; // whether it has a value to tell under the crosshair
  x: number[];
  y: (number | null)[];
}

const HUES = 6;
const HELD_OUT = /(^|[/_ -])(valid|val|eval|test|hidden|public)/;

/** The mean of the past with weight `weight` (0 to 1), corrected for its start; gaps stay gaps. */
export function smooth(values: (number | null)[], weight: number): (number | null)[] {
  let mean = 0;
  let power = 1;
  return values.map((value) => {
    if (value === null) return null;
    mean = weight * mean + (1 - weight) * value;
    power *= weight;
    return mean / (1 - power);
  });
}

/** What a logarithmic axis can show: positive numbers. */
export function positive(values: (number | null)[]): (number | null)[] {
  return values.map((value) => (value !== null && value > 0 ? value : null));
}

/** The lines of one chart, those that lie beneath first. */
export function lines(spec: ChartSpec, sources: Source[], curves: Map<string, Curves>, smoothing: number): Line[] {
  const made = sources.flatMap((source, hue) =>
    spec.names.flatMap((name) => ofCurve(source, hue, name, spec, curves.get(source.id)?.[name], smoothing)),
  );
  return [...made.filter((line) => !line.speaks), ...made.filter((line) => line.speaks)];
}

function ofCurve(source: Source, hue: number, name: string, spec: ChartSpec, curve: Curve | undefined, smoothing: number): Line[] {
  const label = spec.names.length > 1 ? `${source.label}, ${name}` : source.label;
  const beside = hasTraining(spec) && !HELD_OUT.test(name);
  return (curve?.tries ?? []).flatMap((part) => {
    const line: Line = {
      run: source.id, label, hue: hue % HUES, width: source.main ? 2 : 1.25, alpha: beside ? 0.45 : 1,
      dashed: part.lost, speaks: !part.lost, x: part.x, y: part.y,
    };
    if (part.lost) line.alpha *= 0.6;
    if (!smoothing || part.lost) return [line];
    return [{ ...line, alpha: line.alpha * 0.3, speaks: false }, { ...line, y: smooth(part.y, smoothing) }];
  });
}

/** Where a run went on after its node was lost: the first x of each try but the first. */
export function seams(spec: ChartSpec, curves: Curves | undefined): number[] {
  const starts = spec.names.flatMap((name) => (curves?.[name]?.tries ?? []).slice(1).flatMap((part) => part.x.slice(0, 1)));
  return [...new Set(starts)].sort((a, b) => a - b);
}

/** Adds news to what is drawn. False where they do not simply follow: then the curves are to be fetched. */
export function append(curves: Curves, news: Points, axis: "step" | "seconds" = "step"): boolean {
  const curve = curves[news.name];
  const part = curve?.tries.at(-1);
  if (!curve || !part || part.try !== news.try) return false;
  const xs = axis === "step" ? news.steps : news.seconds.map((second) => second + part.since);
  if (xs[0] === undefined || xs[0] < (part.x.at(-1) ?? -Infinity)) return false;
  part.x.push(...xs);
  part.y.push(...news.values);
  curve.count += news.steps.length;
  return true;
}

/** The value at x, or at the nearest x before it; undefined before the line begins. */
export function valueAt(line: Line, x: number): number | null | undefined {
  let low = 0;
  let high = line.x.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((line.x[middle] ?? Infinity) <= x) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? undefined : line.y[low - 1];
}

/** What each curve says at x, tries taken together: the newest try that has a point there or before it. */
export function told(drawn: Line[], x: number): Map<string, number | null | undefined> {
  const said = new Map<string, number | null | undefined>();
  for (const line of drawn) {
    if (!line.speaks) continue;
    const value = valueAt(line, x);
    if (value !== undefined || !said.has(line.label)) said.set(line.label, value);
  }
  return said;
}

/** Whether a chart shows training beside data that was held out: then training gets the paler colour. */
export function hasTraining(spec: ChartSpec): boolean {
  const held = spec.names.filter((name) => HELD_OUT.test(name)).length;
  return held > 0 && held < spec.names.length;
}

/** A whole number with its thousands apart: 421 834. */
export function grouped(value: number): string {
  return String(Math.round(value)).replace(/\B(?=(\d{3})+(?!\d))/g, "\u202f");
}

const BYTES = ["bytes", "KB", "MB", "GB", "TB"];

function sized(bytes: number): string {
  const power = Math.min(Math.max(Math.floor(Math.log(Math.max(bytes, 1)) / Math.log(1024)), 0), BYTES.length - 1);
  return `${Number((bytes / 1024 ** power).toPrecision(3))} ${BYTES[power]}`;
}

/** A number as a person reads it: in its unit, else with four figures. */
export function figure(value: number | null | undefined, unit?: Unit): string {
  if (value === undefined) return "–";
  if (value === null) return "not a number";
  if (unit === "percent") return `${(value * 100).toFixed(2)} %`;
  if (unit === "bytes") return sized(value);
  const size = Math.abs(value);
  if (size !== 0 && (size < 1e-3 || size >= 1e6)) return value.toExponential(2);
  return size >= 1e4 ? grouped(value) : String(Number(value.toPrecision(4)));
}

/** Seconds as 0:42, 3:28 or 1:02:07. */
export function clock(seconds: number): string {
  const whole = Math.max(0, Math.round(seconds));
  const [hours, minutes, rest] = [Math.floor(whole / 3600), Math.floor(whole / 60) % 60, String(whole % 60).padStart(2, "0")];
  return hours ? `${hours}:${String(minutes).padStart(2, "0")}:${rest}` : `${minutes}:${rest}`;
}

/** One sentence on a chart, for whoever does not see it. */
export function sentence(spec: ChartSpec, drawn: Line[], axis: string): string {
  const parts = drawn.filter((line) => line.speaks && line.y.some((value) => value !== null)).map((line) => {
    const values = line.y.filter((value) => value !== null);
    const best = figure(Math.min(...values), spec.unit);
    const most = figure(Math.max(...values), spec.unit);
    return `${line.label} from ${figure(values[0], spec.unit)} to ${figure(values.at(-1), spec.unit)}, lowest ${best}, highest ${most}`;
  });
  return `${spec.title} by ${axis}: ${parts.join("; ") || "nothing logged yet"}.`;
}

/** Rows for the table view: at most `most` places along x, and each line's value there. */
export function rows(drawn: Line[], most: number): { x: number; values: (number | null | undefined)[] }[] {
  const all = [...new Set(drawn.flatMap((line) => line.x))].sort((a, b) => a - b);
  const stride = Math.max(1, Math.ceil(all.length / most));
  const chosen = all.filter((_, place) => place % stride === 0 || place === all.length - 1);
  return chosen.map((x) => ({ x, values: [...told(drawn, x).values()] }));
}
