// `npm start`: builds what has to be built, then serves. A stop that comes while it builds is a clean one, too.
const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
const stop = () => process.exit(0)

for (const signal of signals) process.on(signal, stop)
await import('./ensure-built.mjs')
for (const signal of signals) process.off(signal, stop)
await import('../../dist/src/server.js')
