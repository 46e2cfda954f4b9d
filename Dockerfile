# The connector's image, as Airbyte runs it, and the relay's; both build with BuildKit and with the legacy builder, for amd64
# and arm64, without emulation: what runs here runs on the machine that builds, and the images' own stages only copy.
#   docker build -t source-dixa:0.1.0 .
#   docker build --target relay -t dixa-relay:0.1.0 .
# Both bases move with the fixes of Node and Debian. To hold them, or to take them from elsewhere:
#   --build-arg NODE_IMAGE=node:24-bookworm-slim@sha256:… --build-arg DEBIAN_IMAGE=debian:bookworm-slim@sha256:…
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DEBIAN_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS node

# The legacy builder knows no BUILDPLATFORM, and takes "linux" for the machine that builds.
FROM --platform=${BUILDPLATFORM:-linux} ${NODE_IMAGE} AS build
WORKDIR /build
COPY package.json package-lock.json ./
# No install scripts: they would fetch a second Node, and esbuild works without its own.
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY tsconfig.json ./
COPY scripts scripts
COPY src src
RUN node scripts/build.ts && node scripts/sbom.ts && chmod -R a+rX dist
# Node brings the authorities that it trusts; Debian's slim image has none. In a file they are there too for a Node that is
# told to look there (--use-openssl-ca, --use-system-ca), and the same whichever base is taken. cert.pem is where OpenSSL looks.
RUN mkdir -p root/etc/ssl/certs && ln -s certs/ca-certificates.crt root/etc/ssl/cert.pem && \
    node -p 'require("node:tls").rootCertificates.join("\n")' > root/etc/ssl/certs/ca-certificates.crt
# The relay's store, when it is a file; a new volume takes this folder's owner over. The group is the one that OpenShift gives.
RUN install -d -m 775 data/data

# Node 24 needs no library that Debian's slim image lacks; from Node 25 on it needs libatomic.so.1, which would have to come along.
# One binary, and nothing of npm, yarn and the headers that its image carries.
FROM ${DEBIAN_IMAGE} AS runtime
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --from=build /build/root/ /
ENV NODE_ENV=production

FROM runtime AS relay
COPY --from=build --chown=1000:0 /build/data/ /
COPY --from=build /build/dist/dixa-relay.cdx.json /build/dist/dixa-relay.licenses.txt /relay/
COPY --from=build /build/dist/dixa-relay.js /relay/dixa-relay.mjs
WORKDIR /data
VOLUME /data
USER 1000:1000
EXPOSE 8080
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=50", "--max-semi-space-size=1", "/relay/dixa-relay.mjs"]
CMD ["serve"]
# Where the image comes from; empty where the build was not told.
ARG SOURCE=
ARG REVISION=
ARG CREATED=
LABEL org.opencontainers.image.title=dixa-relay \
      org.opencontainers.image.version=0.1.0 \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.source=${SOURCE} \
      org.opencontainers.image.revision=${REVISION} \
      org.opencontainers.image.created=${CREATED}

# The last stage is what a build without a target makes.
FROM runtime AS connector
COPY --from=build /build/dist/source-dixa.cdx.json /build/dist/source-dixa.licenses.txt /airbyte/
COPY --from=build /build/dist/source-dixa.js /airbyte/source-dixa.mjs
# By number, so that Kubernetes can see that it is not root.
USER 1000:1000
# Node's own default is a heap of 259 MiB in every container below 1 GiB, however small it is: the kernel would kill the
# process before its garbage collector hurries. The other half is for buffers, which live outside of the heap.
# Airbyte runs AIRBYTE_ENTRYPOINT and never ENTRYPOINT, and its acceptance tests want the two to be equal.
ENV AIRBYTE_ENTRYPOINT="/usr/local/bin/node --max-old-space-size-percentage=50 --max-semi-space-size=1 /airbyte/source-dixa.mjs"
ENTRYPOINT ["/usr/local/bin/node", "--max-old-space-size-percentage=50", "--max-semi-space-size=1", "/airbyte/source-dixa.mjs"]
ARG SOURCE=
ARG REVISION=
ARG CREATED=
LABEL io.airbyte.name=source-dixa \
      io.airbyte.version=0.1.0 \
      org.opencontainers.image.title=source-dixa \
      org.opencontainers.image.version=0.1.0 \
      org.opencontainers.image.licenses=MIT \
      org.opencontainers.image.source=${SOURCE} \
      org.opencontainers.image.revision=${REVISION} \
      org.opencontainers.image.created=${CREATED}
