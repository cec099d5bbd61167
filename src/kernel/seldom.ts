/** For what everybody meets at once, such as an outage: it is told, and then not again for so long. */
export function seldom<Told>(everyMs: number, tell: (told: Told) => void): (told: Told) => void {
  let last = Number.NEGATIVE_INFINITY;
  return (told) => {
    if (performance.now() - last < everyMs) return;
    last = performance.now();
    tell(told);
  };
}
