# The connector's image, as Airbyte runs it; builds with BuildKit and with the legacy builder.
#   docker build -t source-dixa:0.1.0 .

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: they would fetch a second Node, and esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts && chmod -R a+rX dist

FROM node:24-bookworm-slim AS connector
LABEL io.airbyte.name=source-dixa \
      io.airbyte.version=0.1.0 \
      org.opencontainers.image.title=source-dixa \
      org.opencontainers.image.licenses=MIT
ENV NODE_ENV=production
COPY --from=build /build/dist/source-dixa.js /airbyte/source-dixa.mjs
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
# Node's own default is a heap of 259 MiB in every container below 1 GiB, however small it is: the kernel would kill the
# process before its garbage collector hurries. The other half is for buffers, which live outside of the heap.
# Airbyte runs AIRBYTE_ENTRYPOINT and never ENTRYPOINT, and its acceptance tests want the two to be equal.
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/node --max-old-space-size-percentage=50 /airbyte/source-dixa.mjs"
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=50", "/airbyte/source-dixa.mjs"]
