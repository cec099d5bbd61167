import { readFile, writeFile } from 'node:fs/promises';

/** Linux counts the time of processes in hundredths of a second (getconf CLK_TCK). */
const TICKS_PER_SECOND = 100;

/** What a process has used, by /proc: Linux only. */
export class ProcessCost {
  constructor(private readonly pid: number) {}

  /** User and system seconds of all its threads and of its children that have ended. @see proc_pid_stat(5) */
  async cpuSeconds(): Promise<number> {
    const stat = await readFile(`/proc/${this.pid}/stat`, 'utf8');
    // the second field is the name in parentheses and may contain spaces
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    const [user, system, childrenUser, childrenSystem] = fields.slice(11, 15).map(Number);
    return ((user ?? 0) + (system ?? 0) + (childrenUser ?? 0) + (childrenSystem ?? 0)) / TICKS_PER_SECOND;
  }

  /** The most memory it has held at once since `forgetPeak`, in bytes. */
  async peakBytes(): Promise<number> {
    const status = await readFile(`/proc/${this.pid}/status`, 'utf8');
    return Number(/VmHWM:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
  }

  /** @see proc_pid_clear_refs(5), 5: resets the peak to what is held now */
  async forgetPeak(): Promise<void> {
    await writeFile(`/proc/${this.pid}/clear_refs`, '5');
  }
}
