/** Where the demo writes: a terminal gets colours and a moving bar, a pipe or a file gets plain lines. */
export interface Screen {
  step(text: string): void;
  line(text: string): void;
  good(text: string): void;
  /** Tells of one file that is being sent; `sent` and `total` in bytes. */
  progress(name: string, sent: number, total: number): void;
}

interface Output {
  readonly isTTY?: boolean;
  write(text: string): unknown;
}

const BAR_CELLS = 28;
const NAME_CELLS = 34;
const REDRAW_EVERY_MS = 40;

const bold = (text: string) => `\x1b[1m${text}\x1b[0m`;
const green = (text: string) => `\x1b[32m${text}\x1b[0m`;
const dim = (text: string) => `\x1b[2m${text}\x1b[0m`;

/** @see https://no-color.org */
export function screenOf(
  output: Output,
  environment: Readonly<Record<string, string | undefined>> = process.env,
): Screen {
  return output.isTTY ? terminal(output, !environment.NO_COLOR) : plain(output);
}

function plain(output: Output): Screen {
  const print = (text: string) => output.write(`${text}\n`);
  return {
    step: print,
    line: (text) => print(`  ${text}`),
    good: (text) => print(`  ok  ${text}`),
    progress(name, sent, total) {
      if (sent === total) print(`  sent  ${name}  ${kilobytes(sent)} of ${kilobytes(total)} KB`);
    },
  };
}

function terminal(output: Output, isColoured: boolean): Screen {
  const paint = (colour: (text: string) => string, text: string) => (isColoured ? colour(text) : text);
  let drawnAt = 0;
  return {
    step: (text) => output.write(`\n${paint(bold, text)}\n`),
    line: (text) => output.write(`  ${text}\n`),
    good: (text) => output.write(`  ${paint(green, '✓')} ${text}\n`),
    progress(name, sent, total) {
      const isDone = sent === total;
      if (!isDone && performance.now() - drawnAt < REDRAW_EVERY_MS) return;
      drawnAt = performance.now();
      const filled = Math.round((sent / total) * BAR_CELLS);
      const bar = paint(green, '█'.repeat(filled)) + paint(dim, '░'.repeat(BAR_CELLS - filled));
      const mark = isDone ? paint(green, '✓') : ' ';
      const count = `${kilobytes(sent).padStart(6)} / ${kilobytes(total)} KB`;
      // to the first column, and whatever stood there is wiped
      output.write(
        `\r\x1b[K  ${mark} ${name.slice(0, NAME_CELLS).padEnd(NAME_CELLS)} ${bar} ${count}${isDone ? '\n' : ''}`,
      );
    },
  };
}

function kilobytes(bytes: number): string {
  return (bytes / 1000).toFixed(0);
}
