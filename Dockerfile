# The connector's image, as Airbyte runs it, and the relay's; both build with BuildKit and with the legacy builder.
#   docker build -t source-dixa:0.1.0 .
#   docker build --target relay -t dixa-relay:0.1.0 .

FROM node:24-bookworm-slim AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: they would fetch a second Node, and esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts && chmod -R a+rX dist

FROM node:24-bookworm-slim AS relay
LABEL org.opencontainers.image.title=dixa-relay \
      org.opencontainers.image.version=0.1.0 \
      org.opencontainers.image.licenses=MIT
ENV NODE_ENV=production
COPY --from=build /build/dist/dixa-relay.js /relay/dixa-relay.mjs
# The store, when it is a file; a new volume takes this folder's owner over.
RUN install -d -o 1000 -g 1000 /data
WORKDIR /data
VOLUME /data
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=50", "--max-semi-space-size=1", "/relay/dixa-relay.mjs"]
CMD ["serve"]

# The last stage is what a build without a target makes.
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
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/node --max-old-space-size-percentage=50 --max-semi-space-size=1 /airbyte/source-dixa.mjs"
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=50", "--max-semi-space-size=1", "/airbyte/source-dixa.mjs"]
