import { crc32 } from "node:zlib";

import { RequestUses } from "./request-uses.ts";
import { type RowReading } from "./row-reading.ts";

/** Rows of a page as far as they came: how many, and a check sum of their bytes. */
export interface PageRows {
  count: number;
  hash: number;
}

/** Watches the reading of one page, to tell whether a retry has given the page that was asked for. */
export class PageWatch {
  /** The reading to use in place of the caller's. */
  readonly reading: RowReading;
  readonly rows: PageRows = { count: 0, hash: 0 };
  readonly #uses = new RequestUses();
  /** What the first answer brought before it broke off. */
  #first: PageRows = { count: 0, hash: 0 };
  #isSame = false;

  constructor(reading: RowReading) {
    const { rows } = this;
    this.reading = {
      ...reading,
      onRequest: () => {
        if (this.#uses.count === 1) this.#first = { ...rows };
        this.#uses.requested();
        reading.onRequest?.();
      },
      onWait: (wait) => {
        this.#uses.waiting(wait);
        reading.onWait?.(wait);
      },
      onStart: () => {
        rows.count = rows.hash = 0;
        this.#isSame = false;
      },
      onElement: (element) => {
        rows.count++;
        rows.hash = crc32(element.buffer.subarray(element.start, element.end), rows.hash);
        if (rows.count === this.#first.count) this.#isSame = rows.hash === this.#first.hash;
        reading.onElement(element);
      },
    };
  }

  /** Whether Dixa may have answered the request more than once. */
  get isRetried(): boolean {
    return this.#uses.count > 1;
  }

  /** Whether the last answer began with the rows of the first; undefined if that had brought none. */
  get isSame(): boolean | undefined {
    return this.#first.count === 0 ? undefined : this.#isSame;
  }
}
