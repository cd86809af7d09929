// `npm run bench -- --help` and the like: prints the comment at the head of the program instead of running it. Nothing is built or started for it.
import { readFileSync } from 'node:fs'

/** Prints the help of the program in this file and ends the process, if the arguments ask for it. */
export function helpIfWanted (file, args) {
  if (!args.includes('--help') && !args.includes('-h')) return
  const [comment] = /^(?:\/\/.*\n)+/.exec(readFileSync(file, 'utf8')) ?? ['']
  process.stdout.write(comment.replaceAll(/^\/\/ ?/gm, ''))
  process.exit(0)
}
