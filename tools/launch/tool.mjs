// `node tools/launch/tool.mjs bench/run --rounds 1` compiles what has changed, then runs tools/bench/run.ts with the arguments after it.
import { helpIfWanted } from './help.mjs'

const [name, ...args] = process.argv.slice(2)
helpIfWanted(new URL(`../${name}.ts`, import.meta.url), args)
await import('./ensure-built.mjs')
process.argv.splice(2, Infinity, ...args)
process.setSourceMapsEnabled(true)
await import(new URL(`../../dist/tools/${name}.js`, import.meta.url))
