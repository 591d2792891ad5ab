# huiyin, and with --target simulators the stand-ins of Easemob and of the models.
FROM rust:1.95.0-slim-bookworm AS build
RUN apt-get update \
    && apt-get install --yes --no-install-recommends g++ make pkg-config libssl-dev zlib1g-dev python3 \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --locked --release --package huiyin --package simulators

FROM debian:12.12-slim AS runtime
# ca-certificates: the roots that providers and Easemob are checked against. libssl3: librdkafka's TLS.
RUN apt-get update \
    && apt-get install --yes --no-install-recommends ca-certificates libssl3 curl \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 huiyin
USER huiyin

FROM runtime AS simulators
COPY --from=build /src/target/release/simulators /usr/local/bin/simulators
ENTRYPOINT ["simulators"]

FROM runtime AS huiyin
COPY --from=build /src/target/release/huiyin /usr/local/bin/huiyin
ENTRYPOINT ["huiyin", "--config", "/etc/huiyin/huiyin.toml"]
