// The time of the stand-ins. It runs on from the real time and can be moved; it never stops by itself.

export interface Clock {
  nowMs(): number;
}

export class MovableClock implements Clock {
  /** Added to the real time: set it to a day to have every stand-in disagree with the machine. */
  offsetMs = 0;

  nowMs(): number {
    return Date.now() + this.offsetMs;
  }

  advance(ms: number): void {
    this.offsetMs += ms;
  }
}
