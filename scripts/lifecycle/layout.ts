import { lifecycle, STATUSES, type Status } from '../../src/modules/products/domain/lifecycle';
import { type LifecycleEdge, lifecycleEdges } from '../../src/modules/products/domain/lifecycle-edges';

/** Lengths are in pixels of the picture, y grows downwards. */
export interface Box {
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface StateBox extends Box {
  readonly status: Status;
  readonly isFinal: boolean;
}

export interface Label extends Box {
  /** The event; who may take it beside the operator; the guard where there is one. */
  readonly lines: readonly string[];
}

export interface Arrow {
  /** From first to last; the head is at the last. */
  readonly points: readonly (readonly [number, number])[];
  readonly label: Label;
}

export interface Layout {
  readonly width: number;
  readonly height: number;
  readonly start: { readonly x: number; readonly y: number };
  readonly states: readonly StateBox[];
  readonly arrows: readonly Arrow[];
}

/** Of a monospaced font: its letters are 0.6 of its size wide, so that widths are known without any font. */
export const FONT_PX = 13;
const LETTER_PX = FONT_PX * 0.6;
/** From one line's baseline to the next: enough for an arrow to pass between. */
export const LINE_PX = 20;
/** From a label's upper end to its first baseline. */
export const ASCENT_PX = 13;
const BOX = { width: 128, height: 46 };
const MARGIN = 28;
const TOP = 126;
const DROP = 104;
const LANE = 30;

/**
 * The shortest way from the first status to the final one is a row; each status beside it is a bar below, as wide as the row, so
 * that every edge to it and from it is a straight line up or down. Edges back along the row go over it.
 */
export function layoutOf(edges: readonly LifecycleEdge[] = lifecycleEdges()): Layout {
  const row = shortestWay(edges);
  const aside = STATUSES.filter((status) => !row.includes(status));
  const gap = Math.max(...edges.map((edge) => widthOf(linesOf(edge)))) + 40;
  const states = [
    ...row.map((status, at) => stateBox(status, { x: MARGIN + LANE + at * (BOX.width + gap), y: TOP, ...BOX })),
    ...aside.map((status, at) =>
      stateBox(status, {
        x: MARGIN + LANE,
        y: TOP + (at + 1) * (BOX.height + DROP),
        width: row.length * (BOX.width + gap) - gap,
        height: BOX.height,
      }),
    ),
  ];
  const boxOf = (status: Status) => states.find((state) => state.status === status) as StateBox;
  const arrows = edges.map((edge) => arrowOf(edge, boxOf(edge.from.status), boxOf(edge.to)));
  const last = states.at(-1) as StateBox;
  return {
    width: Math.max(...states.map(({ x, width }) => x + width)) + MARGIN,
    height: last.y + last.height + MARGIN,
    start: { x: MARGIN, y: TOP + BOX.height / 2 },
    states,
    arrows,
  };
}

function arrowOf(edge: LifecycleEdge, from: StateBox, to: StateBox): Arrow {
  const lines = linesOf(edge);
  if (from.y !== to.y) return upright(lines, from, to);
  if (to.x > from.x) {
    const y = from.y + from.height / 2;
    const label = labelAt(lines, (from.x + from.width + to.x) / 2 - 4, y - ASCENT_PX - 6);
    return { points: [point(from.x + from.width, y), point(to.x, y)], label };
  }
  const over = from.y - 44;
  const points = [
    point(middle(from), from.y),
    point(middle(from), over),
    point(middle(to), over),
    point(middle(to), to.y),
  ];
  return { points, label: labelAt(lines, (middle(from) + middle(to)) / 2, over - ASCENT_PX - 6) };
}

/** Down on the left of the row's box, up on its right: the two never share a line. */
function upright(lines: readonly string[], from: StateBox, to: StateBox): Arrow {
  const isDown = to.y > from.y;
  const [above, below] = isDown ? [from, to] : [to, from];
  const x = middle(above) + (isDown ? -LANE : LANE);
  const ends = [point(x, above.y + above.height), point(x, below.y)];
  const y = above.y + above.height + DROP / 2 - LINE_PX;
  const side = widthOf(lines) / 2 + 8;
  return { points: isDown ? ends : ends.reverse(), label: labelAt(lines, isDown ? x - side : x + side, y) };
}

function labelAt(lines: readonly string[], middleX: number, y: number): Label {
  const width = widthOf(lines);
  return { lines, x: middleX - width / 2, y, width, height: lines.length * LINE_PX };
}

function linesOf({ event, from, takenBy }: LifecycleEdge): string[] {
  const others = takenBy.filter((who) => who !== 'operator');
  const guard = from.failedFrom === null ? [] : [`failed in ${from.failedFrom}`];
  return [event, others.length > 0 ? others.join(', ') : 'operator', ...guard];
}

/** From the first status to a final one, over phases, because an edge may depend on where it failed. */
function shortestWay(edges: readonly LifecycleEdge[]): Status[] {
  const isFinal = (status: Status) => lifecycle.config.states?.[status]?.type === 'final';
  const ways: Status[][] = [[lifecycle.config.initial as Status]];
  for (const way of ways) {
    const here = way.at(-1) as Status;
    if (isFinal(here)) return way;
    const next = edges.filter(({ from, to }) => from.status === here && from.failedFrom === null && !way.includes(to));
    ways.push(...next.map(({ to }) => [...way, to]));
  }
  throw new Error('no way leads to a final status');
}

const point = (x: number, y: number) => [x, y] as const;
const middle = ({ x, width }: Box) => x + width / 2;
const widthOf = (lines: readonly string[]) => Math.max(...lines.map((line) => line.length)) * LETTER_PX;
const stateBox = (status: Status, box: Box): StateBox => ({
  status,
  isFinal: lifecycle.config.states?.[status]?.type === 'final',
  ...box,
});
