# The executor alone: no embedded cluster, no tests, no compiler. Its steps are README.md's own ("In production").
ARG NODE_VERSION=24

# The uWebSockets binaries for Node 22 and later need the C library of Debian 13.
FROM node:${NODE_VERSION}-trixie AS build
WORKDIR /build
COPY . .
RUN npm ci
# A tag of github.com/uNetworking/uWebSockets.js takes upstream's own binary in place of the copy from the registry.
ARG UWS_TAG=
RUN test -z "$UWS_TAG" || npm install --no-save --ignore-scripts "uWebSockets.js@github:uNetworking/uWebSockets.js#$UWS_TAG"
RUN npm run package -- /opt/hotslot

FROM node:${NODE_VERSION}-trixie-slim
COPY --from=build /opt/hotslot /opt/hotslot
WORKDIR /opt/hotslot
# All that it writes is here; the rest of the root may be read-only.
RUN install -d -o node -g node -m 0700 data logs
VOLUME ["/opt/hotslot/data", "/opt/hotslot/logs"]
USER node
# Every bind but loopback needs API_TOKEN, and the start is refused without.
ENV MALLOC_ARENA_MAX=2 MALLOC_TRIM_THRESHOLD_=1048576
ENV NODE_ENV=production CONTROL_HOST=0.0.0.0 CONTROL_PORT=3000
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=3s --start-period=30s --retries=3 \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.CONTROL_PORT}/livez`).then((answer) => process.exit(answer.ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "dist/src/trading.js"]
