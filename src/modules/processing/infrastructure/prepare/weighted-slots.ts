/** Lets so many run at once, each taking one slot or all of them; the others wait in the order they came. */
export class WeightedSlots {
  #free: number;
  readonly #waiting: { readonly weight: number; readonly enter: () => void }[] = [];

  constructor(private readonly size: number) {
    this.#free = size;
  }

  async run<Result>(alone: boolean, task: () => Promise<Result>): Promise<Result> {
    const weight = alone ? this.size : 1;
    await new Promise<void>((enter) => {
      this.#waiting.push({ weight, enter });
      this.#admit();
    });
    try {
      return await task();
    } finally {
      this.#free += weight;
      this.#admit();
    }
  }

  /** Nobody passes whoever came first: one that wants all slots gets them, too. */
  #admit(): void {
    for (let [first] = this.#waiting; first && first.weight <= this.#free; [first] = this.#waiting) {
      this.#waiting.shift();
      this.#free -= first.weight;
      first.enter();
    }
  }
}
