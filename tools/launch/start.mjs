// `npm start`: builds what has to be built, then serves. Its settings are environment variables, for example PORT, DATABASE_URL and DATA_DIR:
// README.md lists them. `npx platform-status serve --port 8000` sets some of them with options.
import { helpIfWanted } from './help.mjs'

const args = process.argv.slice(2)
helpIfWanted(new URL(import.meta.url), args)
if (args.length > 0) {
  process.stderr.write(`npm start takes no arguments, but got ${args.join(' ')}. Settings are environment variables, such as PORT; README.md lists them.\n`)
  process.exit(2)
}

const signals = ['SIGTERM', 'SIGINT', 'SIGHUP']
// A stop that comes while it builds is a clean one, too.
const stop = () => process.exit(0)

for (const signal of signals) process.on(signal, stop)
await import('./ensure-built.mjs')
for (const signal of signals) process.off(signal, stop)
await import('../../dist/src/server.js')
