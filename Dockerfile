# Two images. The default one has the program and what it needs: tests over HTTP, load, verdicts, the
# embedded backend. `--target chromium` adds a browser and its driver for browser tests. Built for the
# platform that it is built on; the pipeline builds on one machine of each.
FROM rust:1.95-slim-bookworm AS build
RUN apt-get update && apt-get install --yes --no-install-recommends gcc libc6-dev cmake make && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY . .
RUN cargo build --release --locked && cp target/release/taster /taster

# A system with a shell, because runners of CI systems and the commands of duets need one.
FROM debian:bookworm-slim AS slim
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates && rm -rf /var/lib/apt/lists/*
COPY --from=build /taster /usr/local/bin/taster
# Nobody's rights are enough. What is written goes to a folder that is mounted, or stays in the container.
RUN install --directory --owner 65532 --group 65532 /project
ENV HOME=/project
WORKDIR /project
USER 65532:65532
ENTRYPOINT ["taster"]
CMD ["--help"]

FROM slim AS chromium
USER root
RUN apt-get update && apt-get install --yes --no-install-recommends chromium chromium-driver fonts-liberation && rm -rf /var/lib/apt/lists/*
USER 65532:65532

# The last one is what is built without a word.
FROM slim
