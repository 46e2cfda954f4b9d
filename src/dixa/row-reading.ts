import { type JsonElement } from "../http/json-array-splitter.ts";
import { type RequestOptions } from "./authorized-host.ts";

/** How rows are handed over while they arrive. */
export interface RowReading extends RequestOptions {
  /** Called when the rows come from the first one on: at the start, and after a failure that loses all progress. */
  onStart?: () => void;
  /** Called per row; the element is only valid during the call. */
  onElement: (element: JsonElement) => void;
  /** Awaited after each chunk of the body: resolves when the output can take more. */
  drained: () => Promise<void> | undefined;
}
