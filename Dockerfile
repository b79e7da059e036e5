# syntax=docker/dockerfile:1
# One static program on an image that holds nothing else: no shell, no package manager, no root.
#
#   docker build --tag postduif .
#   docker run --volume postduif:/data --publish 127.0.0.1:8080:8080 postduif

FROM rust:1.95-alpine AS build
# The C compiler and headers for SQLite and for the cryptography (aws-lc). No versions: Alpine keeps the newest of each alone,
# and what is built here is thrown away but for the program.
# hadolint ignore=DL3018
RUN apk add --no-cache build-base
WORKDIR /src
COPY . .
# Which source this is, for the metrics: --build-arg POSTDUIF_REVISION=$(git rev-parse --short HEAD)
ARG POSTDUIF_REVISION=unknown
# The caches keep the dependencies between builds; the program leaves them by the copy.
RUN --mount=type=cache,target=/usr/local/cargo/registry \
    --mount=type=cache,target=/src/target \
    cargo build --profile dist --locked --bin postduif \
    && install -D target/dist/postduif /out/postduif \
    && install -d -m 0700 /folders/data /folders/tmp

FROM scratch
LABEL org.opencontainers.image.title="postduif" \
      org.opencontainers.image.description="A newsletter delivery backend" \
      org.opencontainers.image.licenses="EUPL-1.2"
# Whom the world trusts, for mail servers and feeds.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/ca-certificates.crt
COPY LICENSE /usr/share/doc/postduif/LICENSE
COPY --from=build /out/postduif /usr/bin/postduif
# The user's own two folders; a volume mounted on /data takes over its owner, and `demo` works in /tmp.
COPY --from=build --chown=65532:65532 /folders/ /
USER 65532:65532
WORKDIR /data
ENV POSTDUIF_LISTEN=0.0.0.0:8080 \
    POSTDUIF_DATABASE_URL=sqlite:/data/postduif.db \
    POSTDUIF_LOG_FORMAT=json
VOLUME /data
EXPOSE 8080
STOPSIGNAL SIGTERM
# The program asks its own /health/ready: there is no shell and no curl here to do it.
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s CMD ["/usr/bin/postduif", "healthcheck"]
ENTRYPOINT ["/usr/bin/postduif"]
CMD ["serve"]
