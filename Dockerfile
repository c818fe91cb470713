# Pinned by tag: verify and pin the digests of the registry you pull from, e.g.
#   docker buildx imagetools inspect gcr.io/distroless/static-debian12:nonroot
ARG GO_IMAGE=golang:1.26-bookworm
ARG RUN_IMAGE=gcr.io/distroless/static-debian12:nonroot

FROM ${GO_IMAGE} AS build
WORKDIR /src
COPY go.mod go.sum ./
RUN --mount=type=cache,target=/go/pkg/mod go mod download
COPY . .
RUN --mount=type=cache,target=/go/pkg/mod --mount=type=cache,target=/root/.cache/go-build \
    CGO_ENABLED=0 go build -trimpath -ldflags='-s -w' -o /remit ./cmd/remit && mkdir /seals

FROM ${RUN_IMAGE}
COPY --from=build /remit /remit
# A volume mounted here belongs to the program's user.
COPY --from=build --chown=65532:65532 /seals /var/lib/remit
USER 65532:65532
EXPOSE 8080
ENTRYPOINT ["/remit"]
CMD ["serve"]
