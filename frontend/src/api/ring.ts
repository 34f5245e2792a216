/** The newest points of a series: appended in order of time, the oldest forgotten. */

export type Point = [at: number, value: number | null];

export class Ring {
  private readonly at: Float64Array;
  private readonly value: Float64Array;
  private start = 0;
  private count = 0;

  constructor(readonly capacity: number) {
    this.at = new Float64Array(capacity);
    this.value = new Float64Array(capacity);
  }

  get length(): number {
    return this.count;
  }

  /** The time of the newest point; -Infinity while there is none. */
  get newest(): number {
    return this.count === 0 ? -Infinity : (this.at[this.place(this.count - 1)] ?? -Infinity);
  }

  /** Takes a point unless it is one that came before (a replay); says whether it was taken. */
  push(at: number, value: number | null): boolean {
    if (at <= this.newest) return false;
    const place = this.place(this.count);
    this.at[place] = at;
    this.value[place] = value ?? NaN;
    if (this.count < this.capacity) this.count += 1;
    else this.start = (this.start + 1) % this.capacity;
    return true;
  }

  /** Oldest first. */
  points(): Point[] {
    return Array.from({ length: this.count }, (_, index) => {
      const place = this.place(index);
      const value = this.value[place] ?? NaN;
      return [this.at[place] ?? 0, Number.isNaN(value) ? null : value];
    });
  }

  private place(index: number): number {
    return (this.start + index) % this.capacity;
  }
}
