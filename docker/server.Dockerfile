# The Carmic server: web, worker and migrate, with the console built in. Build it from the root of the checkout:
#   docker build -f docker/server.Dockerfile -t carmic/server:0.1.0 .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS manifests
WORKDIR /app
COPY package.json package-lock.json tsconfig.base.json ./
COPY server/contract/package.json server/contract/
COPY captions/package.json captions/
COPY server/package.json server/
COPY gpu-agent/package.json gpu-agent/
COPY console/package.json console/

FROM manifests AS packages
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace @carmic/server --workspace @carmic/captions \
      --workspace @carmic/contract
ARG VERSION=0.1.0
COPY docker/sbom.mjs /tmp/sbom.mjs
RUN node /tmp/sbom.mjs carmic-server "${VERSION}" > sbom.cdx.json
# Nobody reads these at run time, and they are most of what the packages weigh.
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -iname 'readme*.md' \
      -o -iname 'changelog*.md' \) -delete

FROM manifests AS console
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund --workspace @carmic/console --workspace @carmic/captions --workspace @carmic/contract
COPY server/contract server/contract
COPY captions captions
COPY console console
RUN cd console && ../node_modules/.bin/vite build --logLevel warn

FROM ${NODE_IMAGE} AS node

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Carmic server" \
      org.opencontainers.image.description="Turns long videos into short, captioned, well-framed clips: API, console and jobs" \
      org.opencontainers.image.licenses="AGPL-3.0-only" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
COPY --from=node /usr/local/bin/node /usr/local/bin/node
COPY --chmod=755 docker/carmic /usr/local/bin/carmic
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=packages /app/package.json /app/sbom.cdx.json ./
COPY --from=console /app/console/dist console/dist
COPY LICENSE ./
COPY docs/openapi.json docs/openapi.json
COPY docker/healthcheck.mjs docker/healthcheck.mjs
COPY captions captions
COPY server server
# Packages of which another version stands above.
COPY --from=packages /app/captions captions
COPY --from=packages /app/server server
# The files run as they are: Node reads TypeScript by itself. Any user id will do; nothing below /app is written.
RUN mkdir -p /data && chmod 1777 /data
USER 10001:10001
ENV NODE_ENV=production \
    HOME=/tmp \
    CARMIC_HOST=0.0.0.0 \
    CARMIC_PORT=7070 \
    CARMIC_OPERATIONS_HOST=0.0.0.0 \
    CARMIC_OPERATIONS_PORT=9090 \
    CARMIC_DATA_DIR=/data \
    CARMIC_CONSOLE_DIR=/app/console/dist
EXPOSE 7070 9090
VOLUME /data
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=20s --start-period=60s --retries=4 CMD ["node", "/app/docker/healthcheck.mjs"]
ENTRYPOINT ["/usr/local/bin/carmic"]
CMD ["web", "worker"]
