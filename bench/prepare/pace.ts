/** So many images took so long; the CPU time is that of every process that had to do with them but the database. */
export interface Pace {
  readonly images: number;
  readonly seconds: number;
  readonly cpuSeconds: number;
}
