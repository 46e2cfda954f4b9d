/**
 * How Node is told to run the programs, whoever starts them: their first lines, the images, tests and benchmarks.
 *
 * Both make few objects and many buffers, and V8 frees a dead buffer only when it collects the small object that holds
 * it. With a young generation of one MiB it does so early; with the usual 16 MiB some forty MB of dead buffers gather.
 * Set at run time, the flag comes too late.
 */
export const NODE_FLAGS: readonly string[] = ["--max-semi-space-size=1"];
