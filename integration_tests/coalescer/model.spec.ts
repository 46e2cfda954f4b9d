import { describeCoalescer } from "../../spec/relay/coalescer/model/suite.ts";

describeCoalescer({
  scenarios: [
    {
      events: 2,
      trouble: { crashes: 1, lostReplies: 1, failures: 1, cancellations: 1, slowHolders: 2 },
      worlds: 200_000,
    },
    {
      events: 3,
      trouble: { crashes: 1, lostReplies: 1, cancellations: 1, slowHolders: 1 },
      worlds: 50_000,
    },
    {
      events: 2,
      trouble: { crashes: 1, lostReplies: 1, failures: 1, cancellations: 1, foreignSyncs: 1, gaps: 1 },
      worlds: 50_000,
    },
  ],
  mistakes: { crashes: 1, lostReplies: 1, cancellations: 1, foreignSyncs: 1, requests: 1 },
});
