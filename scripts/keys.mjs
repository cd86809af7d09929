// `npm run keys -- list|create|revoke`: builds what has to be built, then does it; see src/cli/keys.ts.
await import('./ensure-built.mjs')
const { Command, CommanderError } = await import('commander')
const { keys } = await import('../dist/cli/keys.js')

try {
  const program = new Command('npm run').exitOverride()
  keys(program, { out: process.stdout, err: process.stderr, env: process.env })
  await program.parseAsync(['keys', ...process.argv.slice(2)], { from: 'user' })
} catch (error) {
  // commander has said what was wrong
  if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2
  else {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = 1
  }
}
