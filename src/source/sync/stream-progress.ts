/** How far one stream is, whatever its kind. */
export interface StreamProgress {
  /** What there is to read, in plain words, for the log. */
  readonly plan: string;
  /** Share that is finished, 0 to 1. */
  readonly done: number;
  /** What a STATE may promise now: that everything it says is out. */
  state(): { state: Record<string, unknown>; isComplete: boolean };
}
