import { type Arrow, ASCENT_PX, FONT_PX, type Label, type Layout, LINE_PX, layoutOf, type StateBox } from './layout';

// On a ground of its own, with colours as plain attributes: it reads the same on a light and on a dark page, in every viewer.
const INK = '#1f2937';
const FAINT = '#6b7280';
const LINE = '#475569';
const GROUND = '#f8fafc';
const BOX = '#e0e7ff';
const BOX_LINE = '#4f46e5';
const FONT = "'DejaVu Sans Mono', Menlo, Consolas, monospace";

/** docs/lifecycle.svg */
export function lifecyclePicture(layout: Layout = layoutOf()): string {
  const { width, height, start } = layout;
  const first = layout.states[0] as StateBox;
  return `${[
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="${FONT}" font-size="${FONT_PX}" role="img">`,
    '<title>The lifecycle of a product</title>',
    '<desc>Generated from src/modules/products/domain/lifecycle.ts by bun run docs.</desc>',
    `<defs><marker id="head" markerWidth="10" markerHeight="8" refX="9" refY="4" orient="auto"><path d="M0,0 L10,4 L0,8 z" fill="${LINE}"/></marker></defs>`,
    `<rect width="${width}" height="${height}" rx="10" fill="${GROUND}"/>`,
    text('The lifecycle of a product', 28, 32, { fill: INK, 'font-size': 16, 'font-weight': 'bold' }),
    text('below each event: who may take it; an operator may take every one', 28, 52, { fill: FAINT }),
    `<circle cx="${start.x}" cy="${start.y}" r="7" fill="${LINE}"/>`,
    line([
      [start.x, start.y],
      [first.x, start.y],
    ]),
    ...layout.arrows.flatMap(arrow),
    ...layout.states.flatMap(state),
    '</svg>',
  ].join('\n')}\n`;
}

function arrow({ points, label }: Arrow): string[] {
  return [line(points), ...lines(label)];
}

function lines({ lines: written, x, y, width }: Label): string[] {
  return written.map((one, at) =>
    text(one, x + width / 2, y + ASCENT_PX + at * LINE_PX, {
      'text-anchor': 'middle',
      fill: at === 0 ? INK : FAINT,
      ...(at === 0 ? { 'font-weight': 'bold' } : {}),
    }),
  );
}

function state({ status, isFinal, x, y, width, height }: StateBox): string[] {
  const rect = (inset: number) =>
    `<rect x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${9 - inset}" fill="${BOX}" stroke="${BOX_LINE}" stroke-width="1.5"/>`;
  const name = { 'text-anchor': 'middle', fill: INK, 'font-size': 15, 'font-weight': 'bold' };
  return [rect(0), ...(isFinal ? [rect(4)] : []), text(status, x + width / 2, y + height / 2 + 5, name)];
}

function line(points: Arrow['points']): string {
  const path = points.map(([x, y]) => `${x},${y}`).join(' ');
  return `<polyline points="${path}" fill="none" stroke="${LINE}" stroke-width="1.5" marker-end="url(#head)"/>`;
}

function text(content: string, x: number, y: number, attributes: Readonly<Record<string, string | number>>): string {
  const all = Object.entries({ x, y, ...attributes }).map(([name, value]) => `${name}="${value}"`);
  return `<text ${all.join(' ')}>${Bun.escapeHTML(content)}</text>`;
}
