/** A metric as Prometheus' text format introduces it. */
export interface MetricHead {
  readonly name: string;
  readonly help: string;
  readonly type: "counter" | "gauge";
}

/**
 * A metric of many series, written at once: a thousand credentials have thousands, and an object for each is dear.
 *
 * @param series by its labels, as {@link label} writes them, with commas between; the values are finite
 */
export function metricText({ name, help, type }: MetricHead, series: Iterable<[string, number]>): string {
  let text = `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n`;
  for (const [labels, value] of series) text += `${name}{${labels}} ${value}\n`;
  return text;
}

/** `name="value"`, with what would end the value escaped. */
export function label(name: string, value: string): string {
  return `${name}="${NEEDS_ESCAPE.test(value) ? value.replaceAll(EACH, (found) => ESCAPES[found] ?? found) : value}"`;
}

const NEEDS_ESCAPE = /[\\"\n]/;
const EACH = /[\\"\n]/g;
const ESCAPES: Readonly<Record<string, string>> = { "\\": "\\\\", '"': '\\"', "\n": "\\n" };
