import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { cp, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import sharp from 'sharp';
import { createMachine, transition } from 'xstate';
import { type Box, layoutOf } from '../../scripts/lifecycle/layout';
import { lifecyclePage } from '../../scripts/lifecycle/page';
import { lifecyclePicture } from '../../scripts/lifecycle/picture';
import { LIFECYCLE_EVENTS, lifecycle, nextStatus, STATUSES } from '../../src/modules/products/domain/lifecycle';
import { lifecycleEdges } from '../../src/modules/products/domain/lifecycle-edges';

const repository = resolve(import.meta.dir, '../..');

describe('`bun run lifecycle`', () => {
  let copy: string;
  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'lifecycle-'));
    for (const part of ['src', 'scripts', 'docs', 'package.json', 'tsconfig.json', '.env.example']) {
      await cp(join(repository, part), join(copy, part), { recursive: true });
    }
    await symlink(join(repository, 'node_modules'), join(copy, 'node_modules'));
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  async function run() {
    const child = Bun.spawn([process.execPath, 'run', 'lifecycle'], { cwd: copy, stdout: 'pipe', stderr: 'pipe' });
    const [code, out, err] = await Promise.all([
      child.exited,
      new Response(child.stdout).text(),
      new Response(child.stderr).text(),
    ]);
    return { code, out, err };
  }

  test('prints the machine as JSON that createMachine takes, with the same answer to every event in every phase', async () => {
    const { code, out } = await run();
    expect(code).toBe(0);
    const printed = createMachine(JSON.parse(out)).provide(lifecycle.implementations as object);
    for (const status of STATUSES) {
      for (const failedFrom of [null, ...STATUSES]) {
        for (const event of LIFECYCLE_EVENTS) {
          const before = printed.resolveState({ value: status, context: { failedFrom } });
          const [after] = transition(printed, before, { type: event });
          const next = after === before ? null : after.value;
          expect([status, failedFrom, event, next]).toEqual([
            status,
            failedFrom,
            event,
            nextStatus({ status, failedFrom }, event),
          ]);
        }
      }
    }
  }, 60_000);

  test('fails and names the documents when the machine has an edge that they do not know', async () => {
    const path = join(copy, 'src/modules/products/domain/lifecycle.ts');
    const machine = await Bun.file(path).text();
    const drifted = machine.replace("REGENERATE: 'processing'", "REGENERATE: 'publishing'");
    expect(drifted).not.toBe(machine);
    await Bun.write(path, drifted);
    const { code, err } = await run();
    await Bun.write(path, machine);
    expect(code).toBe(1);
    expect(err).toContain('docs/lifecycle.md is not what `bun run docs` writes');
    expect(err).toContain('docs/lifecycle.svg is not what `bun run docs` writes');
    expect((await run()).code).toBe(0);
  }, 60_000);
});

describe('docs/lifecycle.md', () => {
  test('has each edge in the diagram and in both tables', () => {
    const page = lifecyclePage();
    for (const { from, event, to } of lifecycleEdges()) {
      const named = from.failedFrom === null ? event : `${event} [failed in ${from.failedFrom}]`;
      expect(page).toContain(`  ${from.status} --> ${to} : ${named}\n`);
      expect(page).toContain(`| \`${from.status}\` | ${named} | \`${to}\` |`);
      expect(page).toContain(`| \`${from.status}\` ${named} | \`status\` = ${to},`);
    }
  });
});

describe('docs/lifecycle.svg', () => {
  const layout = layoutOf();
  const boxes: readonly Box[] = [...layout.states, ...layout.arrows.map(({ label }) => label)];
  const overlap = (a: Box, b: Box) =>
    a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height;

  test('is drawn by a viewer that runs no scripts, in its full size', async () => {
    const { info, data } = await sharp(Buffer.from(lifecyclePicture())).raw().toBuffer({ resolveWithObject: true });
    expect([info.width, info.height]).toEqual([Math.ceil(layout.width), Math.ceil(layout.height)]);
    expect(new Set(data).size).toBeGreaterThan(20);
  });

  test('shows every status and every event with who may take it', () => {
    const picture = lifecyclePicture();
    for (const status of STATUSES) expect(picture).toContain(`>${status}</text>`);
    expect(layout.arrows).toHaveLength(lifecycleEdges().length);
    for (const { label } of layout.arrows) {
      for (const line of label.lines) expect(picture).toContain(`>${line}</text>`);
    }
  });

  test('has no text upon another or upon a status, and nothing outside', () => {
    for (const [at, box] of boxes.entries()) {
      expect(boxes.slice(at + 1).filter((other) => overlap(box, other))).toEqual([]);
      expect([box.x >= 0, box.y >= 0]).toEqual([true, true]);
      expect([box.x + box.width <= layout.width, box.y + box.height <= layout.height]).toEqual([true, true]);
    }
  });

  test('has arrows that begin and end at the border of a status', () => {
    const isAtBorder = ([x, y]: readonly [number, number]) =>
      layout.states.some(
        (box) =>
          ((x === box.x || x === box.x + box.width) && y > box.y && y < box.y + box.height) ||
          ((y === box.y || y === box.y + box.height) && x > box.x && x < box.x + box.width),
      );
    for (const { points } of layout.arrows) {
      expect([isAtBorder(points[0]!), isAtBorder(points.at(-1)!)]).toEqual([true, true]);
    }
  });
});
