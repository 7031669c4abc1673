import { describe, expect, test } from "vitest";
import {
  append, clock, figure, hasTraining, lines, positive, rows, seams, sentence, smooth, told, valueAt,
  type ChartSpec, type Curves, type Line, type Source,
} from "./curves";

const loss: ChartSpec = { title: "Loss", names: ["train/loss", "valid/loss"] };
const one: Source = { id: "a", label: "Run 1", curves: "/runs/a/curves", main: true };
const other: Source = { id: "b", label: "Run 2", curves: "/runs/b/curves" };
const resumed = (): Curves => ({
  "train/loss": {
    count: 5,
    tries: [
      { try: 1, since: 0, x: [1, 2], y: [3, 2], lost: false },
      { try: 1, since: 0, x: [3], y: [1.9], lost: true },
      { try: 2, since: 8, x: [3, 4], y: [1.5, 1], lost: false },
    ],
  },
});
const drawn = (smoothing = 0): Line[] => lines(loss, [one, other], new Map([["a", resumed()], ["b", resumed()]]), smoothing);

describe("the lines of a chart", () => {
  test("each run has a hue, the main one the thicker line, and training is paler beside validation", () => {
    const [first] = drawn().filter((line) => line.run === "a" && line.speaks);
    const [second] = drawn().filter((line) => line.run === "b" && line.speaks);
    expect([first?.hue, first?.width, first?.alpha]).toEqual([0, 2, 0.45]);
    expect([second?.hue, second?.width]).toEqual([1, 1.25]);
    expect(hasTraining(loss)).toBe(true);
    expect(hasTraining({ title: "Loss", names: ["train/loss"] })).toBe(false);
  });

  test("what was lost with a node is dashed, pale and says nothing", () => {
    const lost = drawn().find((line) => line.dashed);
    expect(lost?.speaks).toBe(false);
    expect(lost?.alpha).toBeLessThan(0.45);
  });

  test("smoothing keeps the raw line beneath", () => {
    const smoothed = lines({ title: "Loss", names: ["train/loss"] }, [other], new Map([["b", resumed()]]), 0.5).filter((line) => !line.dashed);
    expect(smoothed.map((line) => line.speaks)).toEqual([false, false, true, true]);
    expect(smoothed[0]?.y).toEqual([3, 2]);
    expect(smoothed[2]?.y[0]).toBe(3);
    expect(smoothed[2]?.y[1]).toBeCloseTo((0.5 * 0.5 * 3 + 0.5 * 2) / 0.75);
  });

  test("a run without the curve draws nothing", () => {
    expect(lines(loss, [one], new Map(), 0)).toEqual([]);
  });
});

test("the smoothed mean starts at the first value, and gaps stay gaps", () => {
  expect(smooth([4, 4, null, 4], 0.9)).toEqual([4, 4, null, 4].map((value) => (value === null ? null : expect.closeTo(4))));
});

test("a logarithmic axis shows positive numbers only", () => {
  expect(positive([1, 0, -2, null])).toEqual([1, null, null, null]);
});

test("the seams are where later tries begin", () => {
  expect(seams(loss, resumed())).toEqual([3]);
  expect(seams(loss, undefined)).toEqual([]);
});

describe("news of a curve", () => {
  const news = { seq: 9, name: "train/loss", steps: [5, 6], values: [0.9, null], seconds: [1, 2], try: 2 };

  test("what follows is added to the newest try", () => {
    const curves = resumed();
    expect(append(curves, news)).toBe(true);
    expect(curves["train/loss"]?.tries.at(-1)?.x).toEqual([3, 4, 5, 6]);
    expect(curves["train/loss"]?.count).toBe(7);
  });

  test("a reading of the node may be of the same step as the one before", () => {
    const curves = resumed();
    expect(append(curves, { ...news, steps: [4, 4] })).toBe(true);
    expect(curves["train/loss"]?.tries.at(-1)?.x).toEqual([3, 4, 4, 4]);
  });

  test("by time they come after what earlier tries took", () => {
    const curves = resumed();
    Object.assign(curves["train/loss"]?.tries.at(-1) ?? {}, { x: [8.5] });
    expect(append(curves, news, "seconds")).toBe(true);
    expect(curves["train/loss"]?.tries.at(-1)?.x).toEqual([8.5, 9, 10]);
  });

  test.each([
    ["another try", { ...news, try: 3 }],
    ["a step before the last", { ...news, steps: [3, 5] }],
    ["a curve that is not known", { ...news, name: "new" }],
    ["nothing", { ...news, steps: [] }],
  ])("%s does not simply follow", (_, told) => {
    const curves = resumed();
    expect(append(curves, told)).toBe(false);
    expect(curves).toEqual(resumed());
  });
});

describe("what the crosshair says", () => {
  const line = drawn().find((made) => made.speaks && made.x[0] === 1) as Line;

  test("the value at the nearest point before it, and none before the first", () => {
    expect([valueAt(line, 0.5), valueAt(line, 1), valueAt(line, 1.9), valueAt(line, 99)]).toEqual([undefined, 3, 3, 2]);
  });

  test("tries are one curve: the newest that has begun speaks", () => {
    const label = "Run 1, train/loss";
    expect(told(drawn(), 2).get(label)).toBe(2);
    expect(told(drawn(), 4).get(label)).toBe(1);
    expect(told(drawn(), 0).get(label)).toBeUndefined();
  });
});

test.each([
  [0.97941, "percent", "97.94 %"], [0.0123456, undefined, "0.01235"], [0.00012, undefined, "1.20e-4"], [0, undefined, "0"],
  [421834, undefined, "421\u202f834"], [undefined, undefined, "–"], [null, undefined, "not a number"],
  [0, "bytes", "0 bytes"], [1536, "bytes", "1.5 KB"], [4.2e8, "bytes", "401 MB"],
] as const)("the number %s (%s) reads as such", (value, unit, text) => {
  expect(figure(value, unit)).toBe(text);
});

test.each([[42, "0:42"], [208, "3:28"], [3727, "1:02:07"]])("%s seconds read as a clock", (seconds, text) => {
  expect(clock(seconds)).toBe(text);
});

test("a chart is told in one sentence", () => {
  expect(sentence({ title: "Loss", names: ["train/loss"] }, drawn().slice(-1), "step")).toMatch(/^Loss by step: Run 2, train\/loss from 1.5 to 1, lowest 1, highest 1.5\.$/);
  expect(sentence(loss, [], "time")).toBe("Loss by time: nothing logged yet.");
});

test("the table has few rows, the last point among them", () => {
  const long: Line = { ...(drawn().at(-1) as Line), x: Array.from({ length: 1000 }, (_, place) => place), y: Array.from({ length: 1000 }, () => 1) };
  const made = rows([long], 40);
  expect(made.length).toBeLessThanOrEqual(41);
  expect(made.at(-1)?.x).toBe(999);
});
