# syntax=docker/dockerfile:1
#
# Two images from one build:
#   docker build --target sso-service  -t sso-service  .
#   docker build --target logs-gateway -t logs-gateway .
#
# Neither image holds a shell, a package manager or a secret.

FROM rust:1.95-slim-bookworm AS build
WORKDIR /src
COPY Cargo.toml Cargo.lock ./
COPY crates crates
# Not built here, but Cargo reads the manifests of the whole workspace.
COPY bench bench
COPY examples examples
COPY sim sim
COPY tests tests
COPY xtask xtask
# The caches keep downloads and compiled dependencies from one build to the next. They are not part
# of any layer, hence the copies to /out. The C compiler of this image builds SQLite.
RUN --mount=type=cache,target=/usr/local/cargo/registry,sharing=locked \
    --mount=type=cache,target=/src/target,sharing=locked \
    cargo build --locked --release --package sso-service --package logs-gateway \
    && install -D --target-directory=/out/bin target/release/sso-service target/release/logs-gateway
# An empty volume takes owner and mode from the directory it is mounted on, and without a shell
# the final image cannot make one.
RUN install -d -m 0700 /out/data

# The same Debian release as the builder's, so the same libc; runs as user 65532.
FROM gcr.io/distroless/cc-debian12:nonroot AS runtime

FROM runtime AS sso-service
COPY --from=build /out/bin/sso-service /usr/local/bin/
COPY --from=build --chown=65532:65532 /out/data /var/lib/sso-service
ENV SSO_LISTEN=0.0.0.0:8001 \
    SSO_OPS_LISTEN=0.0.0.0:9001 \
    SSO_DATABASE_URL=sqlite:///var/lib/sso-service/sso.db
EXPOSE 8001 9001
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["/usr/local/bin/sso-service", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/sso-service"]

FROM runtime AS logs-gateway
COPY --from=build /out/bin/logs-gateway /usr/local/bin/
ENV GATEWAY_LISTEN=0.0.0.0:8000 \
    GATEWAY_OPS_LISTEN=0.0.0.0:9000
EXPOSE 8000 9000
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 \
    CMD ["/usr/local/bin/logs-gateway", "healthcheck"]
ENTRYPOINT ["/usr/local/bin/logs-gateway"]
