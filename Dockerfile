# The program and nothing else: tests over HTTP, load, verdicts, and the embedded backend. Built for
# the platform that it is built on; the pipeline builds on one machine of each.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev cmake make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && cp target/release/taster /taster

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /taster /usr/local/bin/taster
# Nobody's rights are enough; what is written goes to a folder that is mounted.
USER 65532:65532
WORKDIR /work
ENTRYPOINT ["taster"]
CMD ["--help"]
