type Call = (...args: never[]) => unknown;

/** A process that is killed at one of its calls to database or store, before it is made or after it has taken effect. */
export class MortalProcess {
  readonly calls: string[] = [];
  isDead = false;

  constructor(private readonly diesAt: { call: number; when: 'before' | 'after' }) {}

  private die(): never {
    this.isDead = true;
    throw new Error('killed');
  }

  /** The same port; of a dead process no call gets through. */
  port<Port extends object>(port: Port, names: readonly (keyof Port & string)[]): Port {
    const mortal = names.map((name) => [name, this.call(name, (port[name] as Call).bind(port))]);
    return { ...port, ...Object.fromEntries(mortal) } as Port;
  }

  call<Fn extends Call>(name: string, work: Fn): Fn {
    const mortal = async (...args: never[]) => {
      if (this.isDead) throw new Error('a dead process calls nobody');
      const number = this.calls.push(name);
      if (number === this.diesAt.call && this.diesAt.when === 'before') this.die();
      const result = await work(...args);
      if (number === this.diesAt.call) this.die();
      return result;
    };
    return mortal as unknown as Fn;
  }
}
