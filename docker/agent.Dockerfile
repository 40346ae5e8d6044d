# The Carmic agent: leases media tasks and runs ffmpeg, face detection and speech recognition. Build it from the root of the checkout:
#   docker build -f docker/agent.Dockerfile -t carmic/gpu-agent:0.1.0 .
# For NVIDIA cards (their driver comes from the host's container toolkit):
#   docker build -f docker/agent.Dockerfile --build-arg BASE_IMAGE=nvidia/cuda:12.6.3-base-ubuntu24.04 -t carmic/gpu-agent:0.1.0-cuda .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS packages
WORKDIR /app
COPY package.json package-lock.json ./
COPY server/contract/package.json server/contract/
COPY captions/package.json captions/
COPY server/package.json server/
COPY gpu-agent/package.json gpu-agent/
COPY console/package.json console/
RUN --mount=type=cache,target=/root/.npm \
    npm ci --omit=dev --ignore-scripts --no-audit --no-fund --workspace @carmic/gpu-agent --workspace @carmic/captions \
      --workspace @carmic/contract
ARG VERSION=0.1.0
COPY docker/sbom.mjs /tmp/sbom.mjs
RUN node /tmp/sbom.mjs carmic-gpu-agent "${VERSION}" > sbom.cdx.json
RUN find node_modules -type f \( -name '*.map' -o -name '*.d.ts' -o -name '*.d.cts' -o -name '*.d.mts' -o -iname 'readme*.md' \
      -o -iname 'changelog*.md' \) -delete
# The libraries of other platforms, which the package brings too.
RUN cd node_modules/onnxruntime-node/bin/napi-v6 && here="$(node -p 'process.platform + "/" + process.arch')" \
    && mkdir /tmp/kept && mv "${here}" /tmp/kept/ && rm -rf ./* && mkdir -p "${here%/*}" && mv "/tmp/kept/${here#*/}" "${here}"

FROM ${NODE_IMAGE} AS node

FROM ${BASE_IMAGE}
ARG VERSION=0.1.0
ARG REVISION=unknown
LABEL org.opencontainers.image.title="Carmic agent" \
      org.opencontainers.image.description="Renders clips for a Carmic server, on the processor or on a graphics card" \
      org.opencontainers.image.licenses="AGPL-3.0-only" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.revision="${REVISION}"
# ffmpeg with libx264 and libass, VAAPI drivers, the sandbox for media nobody trusts, and an init that reaps what ffmpeg leaves.
RUN apt-get update \
 && apt-get install -y --no-install-recommends bubblewrap ca-certificates ffmpeg libstdc++6 mesa-va-drivers tini \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/*
COPY --from=node /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=packages /app/node_modules node_modules
COPY --from=packages /app/package.json /app/sbom.cdx.json ./
COPY LICENSE ./
COPY docker/agentHealth.mjs docker/agentHealth.mjs
COPY server/contract server/contract
COPY captions captions
COPY gpu-agent gpu-agent
# Packages of which another version stands above.
COPY --from=packages /app/captions captions
COPY --from=packages /app/gpu-agent gpu-agent
RUN mkdir -p /agent && chmod 1777 /agent
USER 10001:10001
ENV NODE_ENV=production \
    HOME=/tmp \
    CARMIC_AGENT_DIR=/agent \
    NVIDIA_VISIBLE_DEVICES=all \
    NVIDIA_DRIVER_CAPABILITIES=compute,video,utility
VOLUME /agent
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=20s --start-period=90s --retries=4 CMD ["node", "/app/docker/agentHealth.mjs"]
ENTRYPOINT ["/usr/bin/tini", "--", "node", "--disable-warning=ExperimentalWarning", "/app/gpu-agent/src/main.ts"]
