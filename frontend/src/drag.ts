/** A pointer that drags something: with a mouse, a pen or a finger alike. */

const SLACK = 6; // px: what moves less stays a click
const EDGE = 76; // px from the window's top (the topbar and a little) and bottom: there the page scrolls along
const STEP = 14; // px it scrolls with each move

export interface Drag {
  /** The pointer is at a place of the window, so far from where it went down, counted on the page. */
  move(at: PointerEvent, x: number, y: number): void;
  /** It was let go; not `dropped` means that Escape or the browser took it away. Only after a move. */
  end(at: PointerEvent | null, dropped: boolean): void;
}

/** Follow the pointer that went down until it is let go. */
export function follow(down: PointerEvent, drag: Drag): void {
  const stop = new AbortController();
  const [left, top] = [down.clientX + scrollX, down.clientY + scrollY];
  let moving = false;
  const move = (at: PointerEvent): void => {
    if (at.pointerId !== down.pointerId) return;
    const [x, y] = [at.clientX + scrollX - left, at.clientY + scrollY - top];
    moving ||= Math.hypot(x, y) >= SLACK;
    if (!moving) return;
    drag.move(at, x, y);
    scrollAlong(at.clientY);
  };
  const end = (at: PointerEvent | null, dropped: boolean): void => {
    if (at && at.pointerId !== down.pointerId) return;
    stop.abort();
    if (!moving) return;
    if (dropped) ignoreClick();
    drag.end(at, dropped);
  };
  const on = { signal: stop.signal };
  addEventListener("pointermove", move, on);
  addEventListener("pointerup", (at) => end(at, true), on);
  addEventListener("pointercancel", (at) => end(at, false), on);
  addEventListener("keydown", (event) => event.key === "Escape" && end(null, false), on);
}

/** What was dropped is not clicked as well. A finger's drop makes no click: then there is nothing to ignore. */
function ignoreClick(): void {
  const ignore = (click: Event): void => click.stopPropagation();
  addEventListener("click", ignore, { capture: true, once: true });
  setTimeout(() => removeEventListener("click", ignore, { capture: true }));
}

function scrollAlong(y: number): void {
  if (y < EDGE) scrollBy(0, -STEP);
  else if (y > innerHeight - EDGE) scrollBy(0, STEP);
}
