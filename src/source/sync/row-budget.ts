/**
 * How many rows all windows that are open at a time may remember together. A window counts what its present answer has
 * brought; when that is too much in all, those that hold more than an equal share are to be read in smaller pieces.
 */
export class RowBudget {
  readonly most: number;
  /** Rows of all open windows. */
  total = 0;
  /** Windows that are open. */
  open = 0;

  constructor(most: number) {
    this.most = most;
  }
}

/** What one open window takes of the budget. */
export class RowShare {
  rows = 0;
  readonly #budget: RowBudget;

  constructor(budget: RowBudget) {
    this.#budget = budget;
    budget.open++;
  }

  /** @returns false if the budget is used up and this window is to blame */
  add(): boolean {
    const budget = this.#budget;
    this.rows++;
    return ++budget.total <= budget.most || this.rows * budget.open <= budget.most;
  }

  /** The answer begins anew. */
  restart(): void {
    this.#budget.total -= this.rows;
    this.rows = 0;
  }

  /** The window is not read any more. */
  close(): void {
    this.#budget.total -= this.rows;
    this.#budget.open--;
  }
}
