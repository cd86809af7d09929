# The service with PostgreSQL elsewhere: set DATABASE_URL. docker-compose.yml starts the two together.

FROM node:24-bookworm-slim AS build
WORKDIR /app
COPY package.json package-lock.json ./
# with the optional packages: the bundler of the pages has its native parts among them
RUN npm ci --ignore-scripts
COPY prisma.config.ts tsconfig.json tsconfig.build.json ./
COPY prisma prisma
COPY tools/launch tools/launch
COPY tools/database tools/database
COPY src src
COPY openapi openapi
COPY web web
RUN npm run build

FROM node:24-bookworm-slim AS dependencies
WORKDIR /app
COPY package.json package-lock.json ./
RUN npm ci --omit=dev --omit=optional --ignore-scripts

FROM node:24-bookworm-slim
ENV NODE_ENV=production HOST=0.0.0.0 PORT=8000
WORKDIR /app
COPY --from=dependencies /app/node_modules node_modules
COPY package.json LICENSE ./
COPY prisma/migrations prisma/migrations
COPY openapi openapi
COPY examples examples
COPY --from=build /app/dist/src dist/src
COPY --from=build /app/dist/web/index.html dist/web/
COPY --from=build /app/dist/web/assets dist/web/assets
# the base's user `node`, by number, so that an orchestrator can see that it is not root
USER 1000:1000
EXPOSE 8000
HEALTHCHECK --interval=5s --timeout=6s --start-period=60s --retries=3 \
  CMD ["node", "-e", "fetch('http://127.0.0.1:' + process.env.PORT + '/health/ready').then(({ ok }) => process.exit(ok ? 0 : 1), () => process.exit(1))"]
CMD ["node", "--enable-source-maps", "dist/src/server.js"]
