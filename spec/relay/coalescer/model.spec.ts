import { describeCoalescer } from "./model/suite.ts";

/** Each kind of trouble, and as many of them at once as take a second; the deeper one is `npm run test:coalescer`. */
describeCoalescer({
  scenarios: [
    {
      events: 2,
      trouble: { crashes: 1, lostReplies: 1, cancellations: 1, slowHolders: 1 },
      worlds: 25_000,
    },
    { events: 3, trouble: { lostReplies: 1, cancellations: 1, slowHolders: 1 }, worlds: 40_000 },
    {
      events: 2,
      trouble: { crashes: 1, lostReplies: 1, cancellations: 1, foreignSyncs: 1, gaps: 1 },
      worlds: 25_000,
    },
    {
      events: 2,
      trouble: { crashes: 1, lostReplies: 1, failures: 1, cancellations: 1, requests: 1 },
      worlds: 25_000,
    },
    // One failure too many, so that the connection is parked.
    {
      events: 1,
      maxFailedJobs: 1,
      trouble: { lostReplies: 1, failures: 1, cancellations: 1, slowHolders: 1, foreignSyncs: 1 },
      worlds: 10_000,
    },
  ],
  mistakes: { lostReplies: 1, cancellations: 1, foreignSyncs: 1, requests: 1 },
});
