// `npm run import -- --from <old database>`: builds what has to be built, then imports; see src/import/command.ts.
await import('./ensure-built.mjs')
const { importCommand } = await import('../../dist/src/import/command.js')

const { env, stdout, stderr } = process
const stopping = new globalThis.AbortController()
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.on(signal, () => stopping.abort(signal))
// whoever reads, such as `head`, may have enough
stdout.on('error', () => {})
process.exitCode = await importCommand(process.argv.slice(2), { env, stdout, stderr, signal: stopping.signal })
