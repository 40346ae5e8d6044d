# PgBouncer 1.18 from Debian in transaction mode, TLS 1.3 on both sides, one user from listed addresses.
#   docker build -f docker/pgbouncer.Dockerfile -t carmic/pgbouncer:0.1.0 .
ARG BASE_IMAGE=debian:bookworm-slim
FROM ${BASE_IMAGE}
LABEL org.opencontainers.image.title="Carmic PgBouncer" \
      org.opencontainers.image.licenses="ISC"
RUN apt-get update \
 && apt-get install -y --no-install-recommends pgbouncer \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/archives/* /etc/pgbouncer/*
COPY --chmod=755 docker/pgbouncer/start /usr/local/bin/start
USER 10001:10001
EXPOSE 6432
STOPSIGNAL SIGINT
ENTRYPOINT ["/usr/local/bin/start"]
