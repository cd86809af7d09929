// `npm run import -- --from <old database>`: the command `platform-status import`.
process.argv.splice(2, 0, 'import')
await import('./platform-status.mjs')
