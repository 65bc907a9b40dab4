# The gateway alone: docker build -t zoogate .
# compose.yaml runs it beside an ensemble, with the settings that it needs.

FROM node:20-slim AS build
WORKDIR /app
# The manifests come first, so that the dependencies are installed again only when the manifests change.
COPY package.json package-lock.json .npmrc ./
COPY client-sdk/package.json client-sdk/
COPY server/package.json server/
COPY examples/presence-board/package.json examples/presence-board/
COPY examples/service-board/package.json examples/service-board/
RUN npm ci --ignore-scripts
COPY .tsconfig.base.json ./
COPY client-sdk client-sdk
COPY server server
# The server imports the wire protocol of client-sdk; nothing else of the repository runs here.
RUN npx tsc -b server && npm run build -w client-sdk && npm prune --omit=dev --ignore-scripts

FROM node:20-slim
ENV NODE_ENV=production
WORKDIR /app
# node_modules holds links to these folders, so they keep their places.
COPY --from=build /app/package.json ./
COPY --from=build /app/node_modules node_modules
COPY --from=build /app/client-sdk client-sdk
COPY --from=build /app/server server
USER node
# No other host reaches loopback inside a container.
ENV ZOOGATE_HOST=0.0.0.0 ZOOGATE_PORT=8080
EXPOSE 8080
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s \
  CMD ["node", "-e", "fetch(`http://127.0.0.1:${process.env.ZOOGATE_PORT}/healthz`).then((r) => process.exit(r.ok ? 0 : 1), () => process.exit(1))"]
ENTRYPOINT ["node", "server/bin/zoogate.js"]
CMD ["serve"]
