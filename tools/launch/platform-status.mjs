#!/usr/bin/env node
// `platform-status`, `npx platform-status`, `npm run platform-status --`: builds what has to be built, then runs the command
// line of src/cli. A stop that comes while it builds is a clean one.
const stop = () => process.exit(130)
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, stop)
await import('./ensure-built.mjs')
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.off(signal, stop)
await import('../../dist/src/cli/main.js')
